import { prefersLong, lagFor } from './baseline.js'
import { F64, F64_WIDTH, modulo, type StateLayout } from './layout.js'
import type { SeriesTable } from './series-table.js'

/**
 * What observations are scored by, kept when each is taken: by the time its forecasts are back from the engine, its series
 * may have taken more steps. For each row the naive error, how many there have been, which lag the baseline repeats, and for each lag the baseline's
 * point and interval of this observation, before its residuals learn from it.
 */
export class Arrivals {
  private readonly width: number
  private readonly kept: Float64Array
  private readonly long: Uint8Array

  constructor(
    private readonly layout: StateLayout,
    capacity: number,
  ) {
    this.width = 2 + 3 * layout.lags.length
    this.kept = new Float64Array(capacity * this.width)
    this.long = new Uint8Array(capacity)
  }

  /** What the baseline says of an observation. To be called before `observe`, which fills in what is not known of the past. */
  foresee(table: SeriesTable, slot: number, index: number, row: number): void {
    const { layout, kept } = this
    const { f32 } = table
    const { ringSize: R, lags } = layout
    const Q = layout.shape.quantiles.length
    const at = slot * layout.width
    const position = modulo(index, R)
    let o = row * this.width + 2
    for (let l = 0, r = at + layout.residuals; l < lags.length; l++, r += Q) {
      const back = position - lags[l]!
      const point = f32[at + (back < 0 ? back + R : back)]!
      kept[o++] = point
      kept[o++] = point + Math.min(0, f32[r]!)
      kept[o++] = point + Math.max(0, f32[r + Q - 1]!)
    }
  }

  /** What it is measured in. To be called after `observe`. */
  keep(table: SeriesTable, slot: number, row: number): void {
    const { kept } = this
    const o = row * this.width
    kept[o] = table.f64[slot * F64_WIDTH + F64.naiveError]!
    kept[o + 1] = table.f64[slot * F64_WIDTH + F64.count]!
    this.long[row] = prefersLong(table, slot) ? 1 : 0
  }

  naiveError(row: number): number {
    return this.kept[row * this.width]!
  }

  /** Observations of the series, this one included. */
  count(row: number): number {
    return this.kept[row * this.width + 1]!
  }

  /** Which lag the baseline repeats for h steps ahead; −1: it is out of the ring's reach. */
  lag(row: number, h: number): number {
    return lagFor(this.layout, this.long[row] === 1, h)
  }

  /** Of lag l: 0 = point, 1 = lower, 2 = upper. */
  baseline(row: number, l: number, which: 0 | 1 | 2): number {
    return this.kept[row * this.width + 2 + 3 * l + which]!
  }
}
