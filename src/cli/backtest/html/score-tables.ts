import type { BacktestReport, BacktestTraining, ModelReport } from '../../../ports/control/backtest-report.js'
import type { Comparison } from '../../../core/verdict.js'
import { html, type Markup } from './markup.js'
import { change, day, decimals, percent, whole, type Printed } from './numbers.js'
import { gateText, networkName } from './outcomes.js'
import { tableOf, type Cell } from './tables.js'

interface Column {
  readonly name: string
  readonly print: Printed
  readonly of: (model: ModelReport) => number | null | undefined
  /** Least is best; absent: no value is better than another as such. */
  readonly least?: boolean
}

/** Scores of each model, the best of each kind set off. */
export function scoresTable({ models, options }: BacktestReport): Markup {
  const baseline = models.at(-1)!
  const symbols = options.kind === 'symbols'
  const loss = ({ scores }: ModelReport): number | null | undefined => (symbols ? scores.logLoss : scores.wql)
  const against = (model: ModelReport): number | null => {
    const [own, other] = [loss(model), loss(baseline)]
    return model === baseline || typeof own !== 'number' || !other ? null : own / other - 1
  }
  const numbers: readonly Column[] = [
    { name: 'MASE', print: decimals(3), of: ({ scores }) => scores.mase, least: true },
    { name: 'WQL', print: decimals(4), of: loss, least: true },
    { name: 'against the baseline', print: change, of: against },
    { name: 'coverage', print: percent(1), of: ({ scores }) => scores.coverage },
    { name: 'sMAPE', print: percent(1), of: ({ scores }) => scores.smape, least: true },
    { name: 'bias', print: decimals(3), of: ({ scores }) => scores.bias },
    { name: 'origins', print: whole, of: ({ scores }) => scores.origins },
  ]
  const texts: readonly Column[] = [
    { name: 'log-loss', print: decimals(4), of: loss, least: true },
    { name: 'against the baseline', print: change, of: against },
    { name: 'accuracy', print: percent(1), of: ({ scores }) => scores.accuracy },
    { name: 'symbols', print: whole, of: ({ scores }) => scores.targets },
  ]
  const columns = symbols ? texts : numbers
  const rows = models.map((model): Cell[] => [
    model.name,
    ...columns.map((column) => marked(column.print(column.of(model)), isBest(column, model, models))),
  ])
  return tableOf('Scores', ['model', ...columns.map(({ name }) => name)], rows)
}

/** Scores by how far ahead; nothing where there is one bucket only. */
export function bucketsTable({ models }: BacktestReport): Markup | null {
  const labels = models[0]!.buckets.map(({ steps }) => steps)
  if (labels.length < 2) return null
  const rows = labels.flatMap((label, b) =>
    models.map(({ name, buckets }): Cell[] => {
      const { mase, wql, coverage } = buckets[b]!
      return [
        label,
        html`<span class="m-${name}">${name}</span>`,
        decimals(3)(mase),
        decimals(4)(wql),
        percent(1)(coverage),
      ]
    }),
  )
  const names = ['steps ahead', 'model', 'MASE', 'WQL', 'coverage']
  const table = tableOf('Scores by how far ahead', names, rows)
  return html`<section>
    <h2>By how far ahead</h2>
    <p>Scores of all series together, each in units of its own size.</p>
    <div class="card buckets">${table}</div>
  </section>`
}

/** What was trained, when, and what the gate says of it. */
export function trainingsTable({ models }: BacktestReport): Markup | null {
  if (models.every(({ trainings }) => trainings.length === 0)) return null
  const others = OTHERS.filter((against) =>
    models.some(({ trainings }) =>
      trainings.some((training) => comparisonWith(against, training) !== undefined),
    ),
  )
  const all = models.flatMap(({ name, trainings }) => trainings.map((training) => ({ name, training })))
  const decisions = ['network', 'when and why', 'the gate', ...others.map((one) => `loss against the ${one}`)]
  const efforts = ['network', 'data', 'updates', 'clipped', 'seconds', 'device']
  return html`<section>
    <h2>Trainings</h2>
    <p>
      Each network is trained on the oldest part of its data, stopped by the next and judged on the newest;
      the gate of the daemon takes it into use only if it beats what forecasts by more than noise. p is the
      probability of so much less loss by chance. The first network forecasts here whatever the gate says.
    </p>
    <div class="card words">
      ${tableOf(
        'Decisions of the gate',
        [...decisions, 'judged by'],
        all.map(({ name, training }) => decisionRow(name, training, others)),
      )}
    </div>
    <div class="card">
      ${tableOf(
        'What was trained',
        efforts,
        all.map(({ name, training }) => effortRow(name, training)),
      )}
    </div>
  </section>`
}

const OTHERS = ['champion', 'former champion', 'baseline'] as const satisfies readonly Comparison['against'][]

function comparisonWith(
  wanted: Comparison['against'],
  { verdict }: BacktestTraining,
): Comparison | undefined {
  return verdict?.comparisons.find(({ against }) => against === wanted)
}

function decisionRow(
  name: string,
  training: BacktestTraining,
  others: readonly Comparison['against'][],
): Cell[] {
  const days = training.verdict?.comparisons[0]?.days
  return [
    networkName(name, training),
    `${day(training.at)}, ${training.reason}`,
    gateText(training),
    ...others.map((against) => comparisonText(comparisonWith(against, training))),
    days === undefined ? '–' : `${whole(days)} days`,
  ]
}

function effortRow(name: string, training: BacktestTraining): Cell[] {
  const { from, to, updates, clippedShare, seconds, backend } = training.report
  const iso = (ms: number): string => new Date(ms).toISOString()
  return [
    networkName(name, training),
    `${day(iso(from))} to ${day(iso(to))}`,
    whole(updates),
    percent(1)(clippedShare),
    decimals(1)(seconds),
    backend,
  ]
}

/** Such as `−3.1 %, p 0.012`. */
function comparisonText(comparison: Comparison | undefined): string {
  if (comparison === undefined) return '–'
  const { change: by, p } = comparison
  return `${change(by)}${p === null ? '' : `, p ${p < 0.001 ? '< 0.001' : p.toFixed(3)}`}`
}

function isBest({ of, least }: Column, model: ModelReport, models: readonly ModelReport[]): boolean {
  const value = of(model)
  if (least !== true || typeof value !== 'number' || models.length === 1) return false
  return models.every((other) => value <= (of(other) ?? Infinity))
}

function marked(text: string, best: boolean): Cell {
  return best ? html`<strong>${text}</strong>` : text
}
