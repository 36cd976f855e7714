import type { BacktestReport, ModelReport } from '../../../ports/control/backtest-report.js'
import { lineChart, type Line } from './line-chart.js'
import { html, type Markup } from './markup.js'
import { day, decimals, percent, plain, whole } from './numbers.js'
import { stepTicks, timeTicks, type Tick } from './scale.js'

type Points = Line['points']

/** Errors and calibration, then how the networks were trained. */
export function charts(report: BacktestReport): Markup {
  const { models, options } = report
  const trained = models.some(({ trainings }) => trainings.length > 0)
  return html`${options.kind === 'symbols' ? null : quality(report)}${trained ? training(models) : null}`
}

function quality({ models, options }: BacktestReport): Markup {
  const { quantiles, horizon } = options
  const claimed = quantiles.at(-1)! - quantiles[0]!
  const nominal = { y: claimed, label: `${percent(0)(claimed)} is claimed` }
  const lines = (of: (model: ModelReport) => Points, marked = false): Line[] =>
    models.map((model) => ({ name: model.name, points: of(model), marked }))
  const times = models[0]!.periods.map(({ from }) => from)
  const overTime = {
    across: 'from',
    ticks: timeTicks(times),
    label: (i: number): string => day(times[i]!),
  }
  const ahead = { across: 'steps ahead', ticks: stepTicks(horizon) }
  const all = [
    ...(horizon > 1
      ? [
          lineChart({
            ...ahead,
            title: 'Error by how far ahead',
            text: 'MASE by steps ahead.',
            print: decimals(2),
            spread: 'tight',
            lines: lines(({ steps }) => steps.map(({ step, mase }) => [step, mase])),
          }),
          lineChart({
            ...ahead,
            title: 'Loss by how far ahead',
            text: 'Weighted quantile loss by steps ahead.',
            print: plain,
            spread: 'tight',
            lines: lines(({ steps }) => steps.map(({ step, wql }) => [step, wql])),
          }),
          lineChart({
            ...ahead,
            title: 'Coverage by how far ahead',
            text: 'Share of values inside the outermost interval, by steps ahead.',
            print: percent(0),
            reference: nominal,
            lines: lines(({ steps }) => steps.map(({ step, coverage }) => [step, coverage])),
          }),
        ]
      : []),
    lineChart({
      title: 'Calibration',
      text: 'Share of values at or below a quantile, by the share it claims. On the dotted line is right.',
      across: 'quantile',
      ticks: [0, 0.25, 0.5, 0.75, 1].map((value): Tick => ({ value, label: percent(0)(value) })),
      label: percent(0),
      print: percent(0),
      diagonal: true,
      lines: lines(({ calibration }) => calibration.map(({ level, below }) => [level, below]), true),
    }),
    lineChart({
      ...overTime,
      title: 'Coverage over time',
      text: `By the time of the target, ${periodText(models[0]!.periods)}.`,
      print: percent(0),
      reference: nominal,
      lines: lines(({ periods }) => periods.map(({ coverage }, i) => [i, coverage])),
    }),
    lineChart({
      ...overTime,
      title: 'Loss over time',
      text: `Weighted quantile loss by the time of the target, ${periodText(models[0]!.periods)}.`,
      print: plain,
      lines: lines(({ periods }) => periods.map(({ wql }, i) => [i, wql])),
    }),
  ]
  return html`<section>
    <h2>Errors and calibration</h2>
    <div class="charts">${all}</div>
  </section>`
}

function training(models: readonly ModelReport[]): Markup {
  const curves = (value: (point: readonly [number, number, number]) => number): Line[] =>
    models.flatMap(({ name, trainings }) =>
      trainings.map(({ report }) => ({
        name,
        points: report.curve.map((point): Points[number] => [point[0], value(point)]),
      })),
    )
  const longest = models
    .flatMap(({ trainings }) => trainings.map(({ report }) => report.curve.at(-1)?.[0] ?? 0))
    .reduce((most, updates) => Math.max(most, updates), 1)
  const shared = { across: 'update', ticks: stepTicks(longest), label: whole }
  const clip = models.flatMap(({ trainings }) => trainings.map(({ report }) => report.gradients?.clipNorm))[0]
  const all = [
    lineChart({
      ...shared,
      title: 'Training loss',
      text: 'Mean quantile loss in scaled units, by update. Where it rises again, the network is trained anew on everything.',
      print: plain,
      spread: 'logarithmic',
      lines: curves(([, loss]) => loss),
    }),
    lineChart({
      ...shared,
      title: 'Gradient norm',
      text: 'Global norm before clipping, by update.',
      print: plain,
      spread: 'logarithmic',
      lines: curves(([, , norm]) => norm),
      ...(clip === undefined ? {} : { reference: { y: clip, label: `clipped at ${clip}` } }),
    }),
  ]
  return html`<section>
    <h2>Training</h2>
    <div class="charts">${all}</div>
  </section>`
}

/** How long a period is, in words. */
function periodText(periods: ModelReport['periods']): string {
  const [first] = periods
  if (first === undefined) return ''
  const hours = (Date.parse(first.to) - Date.parse(first.from)) / 3_600_000
  if (hours === 1) return 'hour by hour'
  if (hours < 24) return `every ${hours} hours`
  const days = hours / 24
  return days === 1 ? 'day by day' : days === 7 ? 'week by week' : `every ${days / 7} weeks`
}
