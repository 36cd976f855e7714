import type { FileObservation } from '../../adapters/files/observations.js'
import type { Aggregate } from '../../config/types.js'
import { timeOf } from './append.js'

/** One series of the file on its grid, and where its test part begins. */
export interface Actuals {
  /** Time stamp (ms) of each grid point, the first row's and an interval apart; of the observation grid the rows' own. */
  readonly ts: Float64Array
  /** NaN = missing. */
  readonly values: Float64Array
  /** Position of a time stamp. */
  readonly position: (ts: number) => number | undefined
  /** First position of the test part. */
  readonly test: number
  /** ms; rows of the test part are not older. Infinity: there is none. */
  readonly testFrom: number
  /** Mean |x_t − x_{t−m}| before the test part: MASE's unit. */
  readonly naiveError: number
}

export interface GridForm {
  /** ms; 0 takes each series' own rows as its grid. */
  readonly interval: number
  /** Of several readings within an interval. */
  readonly aggregate: Aggregate
  /** Steps. */
  readonly season: number
  /** Share of each series' grid, at its end, that is the test part. */
  readonly test: number
}

/** Position of an origin that is scored: every stride-th from the last one before the test part; `null`: it is not. */
export function scoredAt(actual: Actuals | undefined, origin: number, stride: number): number | null {
  const i = actual?.position(origin)
  if (actual === undefined || i === undefined) return null
  const from = actual.test - 1
  return i >= from && (i - from) % stride === 0 ? i : null
}

/** All series of a file, as the stream sees them. */
export function actuals(rows: readonly FileObservation[], form: GridForm): Map<string, Actuals> {
  const { interval, aggregate } = form
  const bySeries = new Map<string, Readings>()
  for (const row of rows) {
    const ts = timeOf(row)
    if (ts !== ts) continue
    let readings = bySeries.get(row.series)
    if (readings === undefined) {
      readings = new Readings(interval > 0 ? aggregate : 'none')
      bySeries.set(row.series, readings)
    }
    readings.add(interval > 0 ? Math.floor(ts / interval) : ts, ts, row.value ?? NaN)
  }
  return new Map([...bySeries].map(([series, readings]) => [series, onGrid(readings, form)]))
}

/** What a series' rows come to, by grid index, or by time stamp where there is no grid. */
class Readings {
  readonly all = new Map<number, { value: number; count: number; ts: number }>()
  /** Earliest time stamp, ms. */
  first = Infinity

  constructor(private readonly aggregate: Aggregate) {}

  add(index: number, ts: number, value: number): void {
    if (ts < this.first) this.first = ts
    const { all, aggregate } = this
    const one = all.get(index)
    // Of two readings the first counts, as in the stream, unless they are put together.
    if (one === undefined) all.set(index, { value, count: value === value ? 1 : 0, ts })
    else if (aggregate !== 'none' && value === value) {
      const later = aggregate === 'last' && (one.count === 0 || ts >= one.ts)
      if (aggregate !== 'last') one.value = one.count === 0 ? value : one.value + value
      else if (later) Object.assign(one, { value, ts })
      one.count += 1
    }
  }

  value(index: number): number {
    const one = this.all.get(index)
    if (one === undefined) return NaN
    return this.aggregate === 'mean' && one.count > 0 ? one.value / one.count : one.value
  }
}

function onGrid(readings: Readings, { interval, season, test: share }: GridForm): Actuals {
  const indices = [...readings.all.keys()].sort((a, b) => a - b)
  const base = indices[0]!
  const rows = interval === 0
  const length = rows ? indices.length : indices.at(-1)! - base + 1
  const index = (i: number): number => (rows ? indices[i]! : base + i)
  const ts = Float64Array.from({ length }, (_, i) => (rows ? indices[i]! : readings.first + i * interval))
  const values = Float64Array.from({ length }, (_, i) => readings.value(index(i)))
  const test = Math.floor(length * (1 - share))
  let sum = 0
  let count = 0
  for (let i = season; i < test; i++) {
    const d = Math.abs(values[i]! - values[i - season]!)
    if (d !== d) continue
    sum += d
    count++
  }
  const positions = rows ? new Map(indices.map((t, i) => [t, i])) : undefined
  return {
    ts,
    values,
    test,
    testFrom: test >= length ? Infinity : rows ? ts[test]! : (base + test) * interval,
    naiveError: count > 0 ? sum / count : NaN,
    position: (t) => {
      if (positions !== undefined) return positions.get(t)
      const i = Math.floor(t / interval) - base
      return i >= 0 && i < length ? i : undefined
    },
  }
}
