import type { BacktestReport, ModelReport } from '../../ports/control/backtest-report.js'
import { table } from '../table.js'

/** A report's scores as a table, and what they are of. */
export function scoresText({ options, data, models }: BacktestReport): string {
  const symbols = options.kind === 'symbols'
  const rows = models.map(({ name, scores }) => [
    name,
    ...(symbols
      ? [digits(scores.logLoss, 4), digits(scores.accuracy, 3)]
      : [digits(scores.mase, 4), digits(scores.wql, 4), digits(scores.coverage, 3)]),
  ])
  const names = symbols ? ['LOG-LOSS', 'ACCURACY'] : ['MASE', 'WQL', 'COVERAGE']
  const { series, origins } = models[0]!.scores
  const of = `${count(series)} series, ${count(origins)} ${symbols ? 'symbols' : 'origins'}`
  const when = `from ${day(data.testFrom)} to ${day(data.to)}`
  return `${table(['', ...names], rows)}${of}, ${when}\n${models.map(effort).join('')}`
}

function effort({ name, trainings, streamSeconds }: ModelReport): string {
  const [first, ...later] = trainings
  const promoted = later.filter((training) => training.promoted).length
  const parts = [
    ...(first === undefined
      ? []
      : [`trained ${first.report.updates} updates in ${first.report.seconds.toFixed(0)} s`]),
    `streamed in ${streamSeconds.toFixed(0)} s`,
    ...(later.length === 0 ? [] : [`retrained ${later.length} times on the way, promoted ${promoted}`]),
  ]
  return `${name}: ${parts.join(', ')}\n`
}

function digits(score: number | null | undefined, places: number): string {
  return typeof score === 'number' ? score.toFixed(places) : '–'
}

function count(n: number): string {
  return n.toLocaleString('en')
}

function day(iso: string): string {
  return iso.slice(0, 10)
}
