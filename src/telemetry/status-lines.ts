import type { LiveScores, PipelineStatus } from '../ports/control.js'

const HEADER = [
  'pipeline',
  'state',
  'records/s',
  'lag',
  'series',
  'model',
  'MASE (base)',
  'WQL (base)',
  'coverage',
  'training',
]
/** Columns of numbers, aligned to the right. */
const NUMERIC = new Set([2, 3, 4, 8])

/** A table that fits the terminal: a line that wraps or scrolls could not be repainted in place. */
export function statusBlock(
  pipelines: readonly PipelineStatus[],
  size: { readonly columns: number; readonly rows: number },
): string[] {
  const table = [HEADER, ...pipelines.map(cells)]
  const widths = HEADER.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  const lines = table.map((row) =>
    row
      .map((cell, i) => (NUMERIC.has(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
  const room = Math.max(2, size.rows - 1)
  const shown =
    lines.length <= room ? lines : [...lines.slice(0, room - 1), `… ${lines.length - room + 1} more`]
  return shown.map((line) => fit(line, size.columns))
}

/** One pipeline on one line, for a log file. */
export function statusLine(status: PipelineStatus): string {
  const [, , rate, lag, series, model, mase, wql, coverage, training] = cells(status)
  const head = `${status.name}: ${status.phase}, ${rate} records/s, lag ${lag}, ${series} series, ${model}`
  const numbers = `, MASE ${mase}, WQL ${wql}, coverage ${coverage}`
  const scores = status.accuracy === null ? '' : (ofSymbols(status.accuracy) ?? numbers)
  return `${head}${scores}, training ${training}`
}

function ofSymbols({ network, baseline }: NonNullable<PipelineStatus['accuracy']>): string | undefined {
  if (network.logLoss === undefined) return undefined
  const logLoss = `${decimal(network.logLoss)} (${decimal(baseline.logLoss ?? null)})`
  return `, log-loss ${logLoss}, accuracy ${percentage(network.accuracy ?? null)}`
}

function cells(status: PipelineStatus): string[] {
  const network = status.accuracy?.network
  const baseline = status.accuracy?.baseline
  return [
    status.name,
    status.phase,
    count(status.recordsPerSecond),
    count(status.lag),
    count(status.series),
    status.model,
    against(network, baseline, 'mase'),
    against(network, baseline, 'wql'),
    percentage(network?.coverage ?? null),
    status.training,
  ].map(printable)
}

function against(
  network: LiveScores | undefined,
  baseline: LiveScores | undefined,
  score: 'mase' | 'wql',
): string {
  return `${decimal(network?.[score] ?? null)} (${decimal(baseline?.[score] ?? null)})`
}

function decimal(value: number | null): string {
  return value === null ? '–' : value.toFixed(3)
}

function percentage(share: number | null): string {
  return share === null ? '–' : `${(100 * share).toFixed(0)} %`
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

/** Texts from elsewhere (an error in `training`) must not move the cursor. */
function printable(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ')
}

function fit(line: string, columns: number): string {
  return line.length <= columns ? line : `${line.slice(0, Math.max(0, columns - 1))}…`
}
