import type { FileRow } from '../../adapters/files/observations.js'
import { formats } from '../../config/formats.js'
import type { PipelineConfig } from '../../config/types.js'
import type { Actuals } from './actuals.js'
import { timeOf } from './append.js'

/** Rows this many intervals apart, in the middle, are a sign of the wrong interval. */
const FAR_APART = 4
/** Grid points that are held in memory, at most. */
const MOST_POINTS = 50_000_000

/** Throws where the rows cannot be those of series on such a grid, and says what to do about it. */
export function assertOnGrid(rows: readonly FileRow[], { interval }: Pick<PipelineConfig, 'interval'>): void {
  if (rows.length === 0) throw new Error('the file has no rows')
  if (rows.every(({ value }) => value === null)) throw new Error('no row of the file has a value')
  if (interval === 0) return
  const apart = medianStep(rows)
  if (apart >= FAR_APART * interval) {
    const [is, said] = [apart, interval].map(spoken)
    throw new Error(
      `the rows of a series are ${is} apart, in the middle, and --interval says ${said}: take the interval that they have`,
    )
  }
  const spans = new Map<string, { from: number; to: number }>()
  for (const row of rows) {
    const ts = timeOf(row)
    if (ts !== ts) continue
    const span = spans.get(row.series)
    if (span === undefined) spans.set(row.series, { from: ts, to: ts })
    else {
      span.from = Math.min(span.from, ts)
      span.to = Math.max(span.to, ts)
    }
  }
  const points = [...spans.values()].reduce((sum, { from, to }) => sum + (to - from) / interval + 1, 0)
  if (points > MOST_POINTS) {
    throw new Error(
      `${rows.length} rows span ${Math.round(points)} steps of ${spoken(interval)}: is a time stamp wrong, or --interval?`,
    )
  }
}

/** Throws where no forecast could be scored, and says what to do about it. */
export function assertScorable(
  data: ReadonlyMap<string, Actuals>,
  { horizon }: Pick<PipelineConfig, 'horizon'>,
): void {
  const longest = [...data.values()].reduce((most, { ts, test }) => Math.max(most, ts.length - test), 0)
  if (longest >= horizon) return
  throw new Error(
    `no forecast can be scored: of the longest series the test part has ${longest} steps, and the horizon is ${horizon}; ` +
      'it takes more data, a shorter --horizon or a larger --test',
  )
}

function spoken(ms: number): string {
  return String(formats.interval.print?.(ms))
}

/** ms between a series' row and its next one in the file, in the middle; 0 where there are no two. */
function medianStep(rows: readonly FileRow[]): number {
  const latest = new Map<string, number>()
  const steps: number[] = []
  for (const row of rows) {
    const ts = timeOf(row)
    if (ts !== ts) continue
    const before = latest.get(row.series)
    if (before !== undefined) steps.push(Math.abs(ts - before))
    latest.set(row.series, ts)
  }
  return steps.sort((a, b) => a - b)[steps.length >> 1] ?? 0
}
