import type { BacktestReport, BacktestTraining } from '../../../ports/control/backtest-report.js'
import { lineChart, type Line } from './line-chart.js'
import { html, type Markup } from './markup.js'
import { day, percent, plain, whole } from './numbers.js'
import { gateText, networkName } from './outcomes.js'
import { countTicks } from './scale.js'

interface Trained {
  /** Of its model. */
  readonly name: string
  readonly training: BacktestTraining
}

/** How the networks were trained: the first of each model side by side, each later one by itself. `null` where none was. */
export function trainingCharts({ models, options }: BacktestReport): Markup | null {
  const all = models.map(({ name, trainings }) => trainings.map((training): Trained => ({ name, training })))
  const firsts = all.flatMap((trained) => trained.slice(0, 1))
  if (firsts.length === 0) return null
  const unit = options.kind === 'symbols' ? 'Mean log-loss' : 'Mean quantile loss in scaled units'
  const later = all.flatMap((trained) => trained.slice(1)).map(retraining)
  return html`<section>
    <h2>Training</h2>
    <p>
      Single updates, not smoothed: batches differ. Where the loss jumps up, a training begins anew: from
      random weights, or at last with all of the data.
    </p>
    <div class="charts">
      ${curves(firsts, {
        loss: { title: 'Training loss', text: `${unit}, by update.` },
        norm: { title: 'Gradient norm', text: 'Global norm before clipping, by update.' },
      })}
    </div>
    ${
      later.length === 0
        ? null
        : html`<h3 class="part">Retraining on the way</h3>
            <div class="charts">${later}</div>`
    }
  </section>`
}

function retraining(one: Trained): Markup {
  const name = networkName(one.name, one.training)
  const what = `${day(one.training.at)}, ${one.training.reason}: the gate ${gateText(one.training)}.`
  const pair = curves([one], {
    loss: { title: `${name}: training loss`, text: what },
    norm: { title: `${name}: gradient norm`, text: '' },
    small: true,
  })
  return html`<div class="charts small">${pair}</div>`
}

interface Headings {
  readonly loss: { readonly title: string; readonly text: string }
  readonly norm: { readonly title: string; readonly text: string }
  /** For one of many. */
  readonly small?: boolean
}

/** Loss and gradient norm of some trainings, each in the colour of its model. */
function curves(trained: readonly Trained[], { loss, norm, small = false }: Headings): Markup {
  const lines = (column: 1 | 2): Line[] =>
    trained.map(({ name, training }) => ({
      name,
      points: training.report.curve.map((point) => [point[0], point[column]] as const),
      ...(column === 2 ? { marked: 'above' as const } : {}),
    }))
  const longest = trained.reduce(
    (most, { training }) => Math.max(most, training.report.curve.at(-1)?.[0] ?? 0),
    1,
  )
  const shared = {
    across: 'update',
    label: whole,
    print: plain,
    spread: 'logarithmic',
    ticks: countTicks(longest),
    small,
  } as const
  const clip = trained[0]!.training.report.gradients?.clipNorm
  const charts = [
    lineChart({ ...shared, ...loss, lines: lines(1) }),
    lineChart({
      ...shared,
      title: norm.title,
      text: `${norm.text} ${clippedText(trained)}`.trim(),
      lines: lines(2),
      ...(clip === undefined ? {} : { reference: { y: clip, label: `clipped to ${clip}` } }),
    }),
  ]
  return html`${charts}`
}

/** Of how many updates the gradient was clipped. */
function clippedText(trained: readonly Trained[]): string {
  const figures = trained.map(({ name, training }) => {
    const { clippedShare, gradients } = training.report
    const share = clippedShare === 0 ? 'no update' : `${percent(1)(clippedShare)} of the updates`
    const largest = gradients === undefined ? '' : `, the largest was ${plain(gradients.norm.largest)}`
    return `${share}${trained.length > 1 ? ` of ${name}` : ''}${largest}`
  })
  return `Clipped: ${figures.join('; ')}.`
}
