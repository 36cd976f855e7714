import { F64, F64_WIDTH, modulo, type StateLayout } from './layout.js'
import type { SeriesTable } from './series-table.js'

/** Observations after which a series' own residuals weigh as much as the pooled ones. */
const OWN_WEIGHT = 10
/** Smallest step of a tracked quantile, in units of the mean |residual|. */
const RATE = 0.03
/**
 * Most that a residual moves the pooled ones by, in units of its series' mean |x|, of which |x_t − x_{t−m}| is about twice
 * at most. A series that leaps from next to nothing to a great value must not set the intervals of all others.
 */
const POOLED_LIMIT = 4

/**
 * Residual quantiles of all series of a partition together, relative to each series' mean |x|: the first intervals of
 * a series that has no residuals yet. Part of the partition's state; updated in offset order.
 */
export class PooledResiduals {
  /** [lags, quantiles] */
  readonly values: Float64Array
  /** [lags] residuals seen. */
  readonly counts: Float64Array

  constructor(lags: number, quantiles: number) {
    this.values = new Float64Array(lags * quantiles)
    this.counts = new Float64Array(lags)
  }
}

/** Repeating the long season has been the better rule for this series than repeating the short one. */
export function prefersLong(table: SeriesTable, slot: number): boolean {
  const { layout, f64 } = table
  const at = slot * F64_WIDTH
  return (
    layout.lags.length > layout.cycles &&
    f64[at + F64.count]! > 2 * layout.long &&
    f64[at + F64.longError]! < f64[at + F64.naiveError]!
  )
}

/**
 * Which of the layout's lags the baseline repeats for horizon step k (from 1): the long season's, else that of the newest
 * value of the target's slot in the short season; −1 where that is out of the ring's reach.
 */
export function lagFor(layout: StateLayout, long: boolean, k: number): number {
  if (long && k <= layout.long) return layout.cycles
  const c = Math.ceil(k / layout.short)
  return c <= layout.cycles ? c - 1 : -1
}

/**
 * Seasonal naive forecaster with empirical residual quantiles. The point is the value L steps before the target; for each
 * lag L, quantile p of e = x_t − x_{t−L} is tracked by r += η |ē| (p − 1[e < r]).
 */
export function learnResiduals(
  table: SeriesTable,
  slot: number,
  index: number,
  pooled: PooledResiduals,
): void {
  const { layout, f32, f64 } = table
  const at = slot * F64_WIDTH
  const n = f64[at + F64.count]!
  const unit = f64[at + F64.naiveError]!
  const meanAbs = f64[at + F64.meanAbs]!
  const { quantiles } = layout.shape
  const row = slot * layout.width
  const R = layout.ringSize
  const position = modulo(index, R)
  const x = f32[row + position]!
  for (let l = 0; l < layout.lags.length; l++) {
    const lag = layout.lags[l]!
    const own = n - lag
    if (own <= 0) continue
    const p = position - lag
    const error = x - f32[row + (p < 0 ? p + R : p)]!
    const step = Math.max(RATE, 2 / (own + 1)) * unit
    const relative = meanAbs > 0 ? error / meanAbs : 0
    const seen = (pooled.counts[l]! += 1)
    const poolStep =
      Math.max(RATE / 10, 2 / (seen + 1)) * (meanAbs > 0 ? Math.min(POOLED_LIMIT, unit / meanAbs) : 0)
    for (let q = 0; q < quantiles.length; q++) {
      const i = l * quantiles.length + q
      const r = f32[row + layout.residuals + i]!
      f32[row + layout.residuals + i] = r + step * (quantiles[q]! - (error < r ? 1 : 0))
      const pool = pooled.values[i]!
      pooled.values[i] = pool + poolStep * (quantiles[q]! - (relative < pool ? 1 : 0))
    }
  }
}

/** The baseline's forecast from the newest step, into out[at …], [horizon, quantiles], in the values' own unit. */
export function baselineForecast(
  table: SeriesTable,
  slot: number,
  index: number,
  pooled: PooledResiduals,
  out: Float64Array,
  at: number,
): void {
  const { layout, f32, f64 } = table
  const m = layout.short
  const { quantiles, horizon } = layout.shape
  const Q = quantiles.length
  const middle = (Q - 1) / 2
  const row = slot * layout.width
  const R = layout.ringSize
  const position = modulo(index, R)
  const now = Math.abs(f32[row + position]!)
  const n = f64[slot * F64_WIDTH + F64.count]!
  const meanAbs = f64[slot * F64_WIDTH + F64.meanAbs]!
  const long = prefersLong(table, slot)
  for (let h = 0; h < horizon; h++) {
    const found = lagFor(layout, long, h + 1)
    // Beyond the ring's reach the slot's newest value stands, with the intervals of the longest lag there is.
    const l = found < 0 ? layout.cycles - 1 : found
    const lag = found < 0 ? Math.ceil((h + 1) / m) * m : layout.lags[l]!
    const point = f32[row + modulo(position + h + 1 - lag, R)]!
    const own = Math.max(0, n - lag)
    const weight = own / (own + OWN_WEIGHT)
    const pooledKnown = pooled.counts[l]! > 0
    const o = at + h * Q
    let lower = point
    let upper = point
    out[o + middle] = point
    for (let d = 1; d <= middle; d++) {
      const below = l * Q + middle - d
      const above = l * Q + middle + d
      const poolBelow = pooledKnown ? pooled.values[below]! * meanAbs : -now
      const poolAbove = pooledKnown ? pooled.values[above]! * meanAbs : now
      const residuals = row + layout.residuals
      lower = Math.min(lower, point + (weight * f32[residuals + below]! + (1 - weight) * poolBelow))
      upper = Math.max(upper, point + (weight * f32[residuals + above]! + (1 - weight) * poolAbove))
      out[o + middle - d] = lower
      out[o + middle + d] = upper
    }
  }
}
