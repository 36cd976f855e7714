import { F64_WIDTH, type StateLayout } from './layout.js'
import { RowCodec } from './row-codec.js'
import { SeriesTable } from './series-table.js'

/** What a state's bytes depend on. */
export interface RowForm {
  readonly layout: StateLayout
  /** Floats of a hidden state. */
  readonly hidden: number
}

/**
 * Turns the stored states of one form into those of another: of another horizon, other quantiles or another network. What
 * a series has been stays as it is: its values, scaler and profiles. Width factors and residual quantiles are taken from
 * the nearest horizon step, lag and levels that there were, and go on learning; open forecasts and scores begin anew. The
 * hidden state is zero: it is to be re-warmed.
 */
export class RowConversion {
  /** Length of what it converts. */
  readonly bytes: number
  private readonly table: SeriesTable
  private readonly codec: RowCodec
  private readonly hidden: Float32Array
  private readonly steps: readonly number[]
  private readonly lags: readonly number[]
  private readonly levels: readonly Between[]

  constructor(
    private readonly from: RowForm,
    private readonly to: RowForm,
  ) {
    this.bytes = new RowCodec(new SeriesTable(from.layout, 0), from.hidden).bytes
    this.table = new SeriesTable(to.layout, 1)
    this.codec = new RowCodec(this.table, to.hidden)
    this.hidden = new Float32Array(to.hidden)
    this.steps = to.layout.steps.map((step) => nearest(from.layout.steps, step))
    this.lags = to.layout.lags.map((lag) => nearest(from.layout.lags, lag))
    this.levels = to.layout.shape.quantiles.map((level) => between(from.layout.shape.quantiles, level))
  }

  /** Whether only what is re-warmed and learnt anew differs: the same grid, season and kind of values. */
  static possible(from: StateLayout, to: StateLayout): boolean {
    return (
      from.kind === to.kind &&
      from.shape.interval === to.shape.interval &&
      from.short === to.short &&
      from.long === to.long &&
      (from.kind === 'symbols' || (from.lags.length > 0 && to.lags.length > 0))
    )
  }

  convert(bytes: Uint8Array): Uint8Array {
    const { table, from, to } = this
    table.reset(0)
    const copy = new Uint8Array(bytes) // aligned, whatever the store handed out; a slice of a Buffer is none
    table.f64.set(new Float64Array(copy.buffer, 0, F64_WIDTH))
    const old = new Float32Array(copy.buffer, F64_WIDTH * 8, from.layout.width)
    // Ring and profiles lie at the beginning of both.
    table.f32.set(old.subarray(0, from.layout.widths))
    this.steps.forEach((step, j) => {
      const at = from.layout.widths + 2 * step
      table.f32.set(old.subarray(at, at + 2), to.layout.widths + 2 * j)
    })
    this.residuals(old, from.layout.residuals, table.f32, to.layout.residuals)
    this.covariates(old, table.f32)
    return this.codec.write(0, this.hidden)
  }

  /** Those that both have; of others nothing is known. */
  private covariates(old: Float32Array, into: Float32Array): void {
    const [from, to] = [this.from.layout, this.to.layout]
    to.covariateNames.forEach((name, c) => {
      const b = from.covariateNames.indexOf(name)
      if (b < 0) return
      const at = from.covariates + b * from.covariateWidth
      into.set(old.subarray(at, at + from.covariateWidth), to.covariates + c * to.covariateWidth)
    })
  }

  /** Residual quantiles [lags, quantiles], of a row or of all series together. */
  residuals(old: ArrayLike<number>, oldAt: number, into: Float32Array | Float64Array, at: number): void {
    const width = this.from.layout.shape.quantiles.length
    let o = at
    for (const lag of this.lags) {
      const row = oldAt + lag * width
      for (const { low, high, share } of this.levels) {
        const a = old[row + low]!
        into[o++] = a + share * (old[row + high]! - a)
      }
    }
  }

  /** Residuals seen [lags]. */
  counts(old: ArrayLike<number>, into: Float64Array): void {
    this.lags.forEach((lag, l) => (into[l] = old[lag]!))
  }
}

/** Two places, and how far (0–1) something lies from the first to the second. */
interface Between {
  readonly low: number
  readonly high: number
  readonly share: number
}

/** Place of the value nearest to `wanted`. */
function nearest(values: readonly number[], wanted: number): number {
  let best = 0
  values.forEach((value, i) => {
    if (Math.abs(value - wanted) < Math.abs(values[best]! - wanted)) best = i
  })
  return best
}

/** @param levels ascending */
function between(levels: readonly number[], wanted: number): Between {
  const high = levels.findIndex((level) => level >= wanted)
  if (high === 0) return { low: 0, high: 0, share: 0 }
  if (high === -1) return { low: levels.length - 1, high: levels.length - 1, share: 0 }
  const low = high - 1
  return { low, high, share: (wanted - levels[low]!) / (levels[high]! - levels[low]!) }
}
