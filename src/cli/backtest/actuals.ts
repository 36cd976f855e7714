import type { FileObservation } from '../../adapters/files/observations.js'
import { parseTimestamp } from '../../core/timestamp.js'

/** One series of the file on its grid, and where its test part begins. */
export interface Actuals {
  /** Time stamp (ms) of each grid point. */
  readonly ts: Float64Array
  /** NaN = missing. */
  readonly values: Float64Array
  /** Position of a time stamp. */
  position(ts: number): number | undefined
  /** First position of the test part. */
  readonly test: number
  /** Mean |x_t − x_{t−m}| before the test part: MASE's unit. */
  readonly naiveError: number
}

/** Position of an origin that is scored: every stride-th from the last one before the test part; `null`: it is not. */
export function scoredAt(actual: Actuals | undefined, origin: number, stride: number): number | null {
  const i = actual?.position(origin)
  if (actual === undefined || i === undefined) return null
  const from = actual.test - 1
  return i >= from && (i - from) % stride === 0 ? i : null
}

/**
 * @param interval ms; 0 takes each series' own rows as its grid
 * @param share of each series' grid, at its end, that is the test part
 */
export function actuals(
  rows: readonly FileObservation[],
  interval: number,
  season: number,
  share: number,
): Map<string, Actuals> {
  const bySeries = new Map<string, Map<number, number>>()
  for (const row of rows) {
    const ts = typeof row.ts === 'number' ? row.ts : parseTimestamp(row.ts)
    if (ts !== ts) continue
    const seen = bySeries.get(row.series) ?? new Map<number, number>()
    bySeries.set(row.series, seen)
    // Of two readings for a time the first counts, as in the stream.
    if (!seen.has(ts)) seen.set(ts, row.value ?? NaN)
  }
  return new Map([...bySeries].map(([series, seen]) => [series, onGrid(seen, interval, season, share)]))
}

function onGrid(seen: Map<number, number>, interval: number, season: number, share: number): Actuals {
  const times = [...seen.keys()].sort((a, b) => a - b)
  const first = times[0]!
  const length = interval === 0 ? times.length : Math.floor((times.at(-1)! - first) / interval) + 1
  const ts = Float64Array.from({ length }, (_, i) => (interval === 0 ? times[i]! : first + i * interval))
  const values = Float64Array.from(ts, (t) => seen.get(t) ?? NaN)
  const test = Math.floor(length * (1 - share))
  let sum = 0
  let count = 0
  for (let i = season; i < test; i++) {
    const d = Math.abs(values[i]! - values[i - season]!)
    if (d !== d) continue
    sum += d
    count++
  }
  const positions = interval === 0 ? new Map(times.map((t, i) => [t, i])) : undefined
  return {
    ts,
    values,
    test,
    naiveError: count > 0 ? sum / count : NaN,
    position: (t) => {
      if (positions !== undefined) return positions.get(t)
      const i = (t - first) / interval
      return Number.isInteger(i) && i >= 0 && i < length ? i : undefined
    },
  }
}
