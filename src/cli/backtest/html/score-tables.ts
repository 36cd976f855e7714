import type { BacktestReport, BacktestTraining, ModelReport } from '../../../ports/control/backtest-report.js'
import { html, type Markup } from './markup.js'
import { change, day, decimals, percent, whole, type Printed } from './numbers.js'
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
    <div class="card">${table}</div>
  </section>`
}

/** What was trained, when, and what the gate says of it. */
export function trainingsTable({ models }: BacktestReport): Markup | null {
  const rows = models.flatMap(({ name, trainings }) =>
    trainings.map((training) => trainingRow(name, training)),
  )
  if (rows.length === 0) return null
  const names = ['network', 'when and why', 'data', 'updates', 'seconds', 'device', 'clipped', 'the gate']
  return html`<section>
    <h2>Trainings</h2>
    <p>
      Each network is trained on the oldest part of its data, stopped by the next and judged on the newest;
      the gate of the daemon would take it into use only if it beats what forecasts by more than noise.
    </p>
    <div class="card prose-last">${tableOf('Trainings', names, rows)}</div>
  </section>`
}

function trainingRow(name: string, { at, reason, version, report, verdict }: BacktestTraining): Cell[] {
  const iso = (ms: number): string => new Date(ms).toISOString()
  return [
    `${name}@${version}`,
    `${day(at)}, ${reason}`,
    `${day(iso(report.from))} to ${day(iso(report.to))}`,
    whole(report.updates),
    decimals(1)(report.seconds),
    report.backend,
    percent(1)(report.clippedShare),
    verdictText(verdict),
  ]
}

function verdictText(verdict: BacktestTraining['verdict']): string {
  if (verdict === null) return '–'
  const figures = verdict.comparisons.map(({ against, change: by, p, days }) => {
    const sure = p === null ? '' : `, p ${p < 0.001 ? '< 0.001' : p.toFixed(3)}`
    return `${change(by)} against the ${against}${sure}, ${days} days`
  })
  return `${verdict.promote ? 'takes it' : `refuses it: ${verdict.refusal}`} (${figures.join('; ')})`
}

function isBest({ of, least }: Column, model: ModelReport, models: readonly ModelReport[]): boolean {
  const value = of(model)
  if (least !== true || typeof value !== 'number' || models.length === 1) return false
  return models.every((other) => value <= (of(other) ?? Infinity))
}

function marked(text: string, best: boolean): Cell {
  return best ? html`<strong>${text}</strong>` : text
}
