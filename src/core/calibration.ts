import { modulo, type StateLayout } from './layout.js'
import type { SeriesTable } from './series-table.js'

/** Bounds of a width factor: exp(±3). */
const WIDEST = Math.exp(3)

/** Half-life of the recent errors: this share of a short season, and so many observations at least. */
const RECENT_SEASON = 2 / 3
const RECENT_LEAST = 16
/** Errors count up to so many half-widths. */
const MOST_ERROR = 8
/** Mean recent error, in half-widths, beyond which intervals are widened by it: about 2.5 times what normal errors come to. */
const USUAL_ERROR = 0.8

/**
 * Adaptive calibration: half-width × g × v.
 *
 * g, per series, scored horizon step and side, brings coverage to its nominal value over weeks: log g moves by
 * rate · (1[outside] − nominal) whenever a target arrives, and stays within ±3. `nominal` is the share of targets that
 * belongs outside that side: the lowest quantile's level.
 *
 * v, per series and side, is there for what comes overnight, such as a shift of the level: errors of all steps on that
 * side, in half-widths as they would be published now, are averaged over the last hours, and where that mean e is beyond
 * what is usual, v = e / 0.8. As soon as the network has found the new level, v is 1 again; g would stay wide for weeks.
 */
export class Calibration {
  private readonly recent: number
  /** Of the present arrival: by side the sum of errors in half-widths, and its targets. */
  private readonly errors = new Float64Array(2)
  private targets = 0
  private readonly widen: number
  private readonly narrow: number
  /** For each horizon step: the scored step below it, and how far (0–1) it lies towards the next. */
  private readonly below: Int32Array
  private readonly share: Float64Array

  /** @param rate 0: nothing is learnt, neither slowly nor fast */
  constructor(
    private readonly layout: StateLayout,
    private readonly enabled: boolean,
    rate: number,
  ) {
    const { horizon, quantiles } = layout.shape
    const nominal = quantiles[0]!
    const halfLife = Math.max(RECENT_LEAST, RECENT_SEASON * layout.short)
    this.recent = rate > 0 ? 1 - Math.pow(0.5, 1 / halfLife) : 0
    this.widen = Math.exp(rate * (1 - nominal))
    this.narrow = Math.exp(-rate * nominal)
    this.below = new Int32Array(horizon)
    this.share = new Float64Array(horizon)
    for (let h = 1, j = 0; h <= horizon; h++) {
      while (j + 1 < layout.steps.length && layout.steps[j + 1]! <= h) j++
      const low = layout.steps[j]!
      const high = layout.steps[j + 1]
      this.below[h - 1] = j
      this.share[h - 1] = high === undefined ? 0 : (h - low) / (high - low)
    }
  }

  /** Learns from the arrival of a target of scored step `j` (position in layout.steps). */
  learn(
    table: SeriesTable,
    slot: number,
    j: number,
    value: number,
    lower: number,
    median: number,
    upper: number,
  ): void {
    this.targets++
    if (value !== median) {
      const side = value < median ? 0 : 1
      const half = side === 0 ? median - lower : upper - median
      const error = half > 0 ? Math.abs(value - median) / half : MOST_ERROR
      this.errors[side]! += Math.min(MOST_ERROR, error * this.surprise(table, slot, side))
    }
    const at = slot * this.layout.width + this.layout.widths + 2 * j
    table.f32[at] = limit(table.f32[at]! * (value < lower ? this.widen : this.narrow))
    table.f32[at + 1] = limit(table.f32[at + 1]! * (value > upper ? this.widen : this.narrow))
  }

  /** Ends an arrival: recent errors take in those of all its targets. */
  settle(table: SeriesTable, slot: number): void {
    const { errors, targets, recent } = this
    if (targets === 0) return
    const at = slot * this.layout.width + this.layout.recentErrors
    for (let side = 0; side < 2; side++) {
      table.f32[at + side]! += recent * (errors[side]! / targets - table.f32[at + side]!)
    }
    errors.fill(0)
    this.targets = 0
  }

  /** v of a side: 0 = lower, 1 = upper. */
  private surprise(table: SeriesTable, slot: number, side: 0 | 1): number {
    const error = table.f32[slot * this.layout.width + this.layout.recentErrors + side]!
    return error > USUAL_ERROR ? error / USUAL_ERROR : 1
  }

  /** Scales the half-widths of a forecast [horizon, quantiles] around its medians, in place. */
  apply(table: SeriesTable, slot: number, forecast: Float64Array, at: number): void {
    if (!this.enabled) return
    const Q = this.layout.shape.quantiles.length
    const middle = (Q - 1) / 2
    const f32 = table.f32
    const widenLower = this.surprise(table, slot, 0)
    const widenUpper = this.surprise(table, slot, 1)
    const widths = slot * this.layout.width + this.layout.widths
    for (let h = 0, o = at; h < this.below.length; h++, o += Q) {
      const w = widths + 2 * this.below[h]!
      const share = this.share[h]!
      let lower = f32[w]!
      let upper = f32[w + 1]!
      if (share > 0) {
        lower += share * (f32[w + 2]! - lower)
        upper += share * (f32[w + 3]! - upper)
      }
      lower *= widenLower
      upper *= widenUpper
      const median = forecast[o + middle]!
      for (let q = 0; q < middle; q++) {
        forecast[o + q] = median - (median - forecast[o + q]!) * lower
        forecast[o + Q - 1 - q] = median + (forecast[o + Q - 1 - q]! - median) * upper
      }
    }
  }
}

function limit(factor: number): number {
  return factor > WIDEST ? WIDEST : factor < 1 / WIDEST ? 1 / WIDEST : factor
}

/** Puts the scored steps of a published forecast where the arrival of their targets will find them. */
export function openForecast(
  table: SeriesTable,
  slot: number,
  index: number,
  forecast: Float64Array,
  at: number,
): void {
  const { layout, f32 } = table
  const Q = layout.shape.quantiles.length
  const middle = (Q - 1) / 2
  const row = slot * layout.width
  for (let j = 0; j < layout.steps.length; j++) {
    const h = layout.steps[j]!
    // The target's index is index + h, and (index + h) modulo h = index modulo h.
    const p = row + layout.open[j]! + 3 * modulo(index, h)
    const o = at + (h - 1) * Q
    f32[p] = forecast[o]!
    f32[p + 1] = forecast[o + middle]!
    f32[p + 2] = forecast[o + Q - 1]!
  }
}

/** A missing step: what was forecast for it can never be scored, and nothing is forecast from it. */
export function skipOpen(table: SeriesTable, slot: number, index: number): void {
  const { layout, f32 } = table
  const row = slot * layout.width
  for (let j = 0; j < layout.steps.length; j++) {
    const p = row + layout.open[j]! + 3 * modulo(index, layout.steps[j]!)
    f32[p] = NaN
    f32[p + 1] = NaN
    f32[p + 2] = NaN
  }
}
