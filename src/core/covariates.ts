import { COVARIATE, modulo } from './layout.js'
import type { TargetIndex } from './target-index.js'
import type { SeriesTable } from './series-table.js'

/**
 * Half-life of a covariate's scaler in long seasons, a year of weeks: with temperatures it is the level that counts, which a
 * scaler as fast as that of the values would take away.
 */
const SCALER_SEASONS = 52
/** … and in observations at least. */
const LEAST_HALF_LIFE = 1000
/** A reading moves its scaler by at most so many of its own units. */
const CLIP = 6
/** No input, and no feature, lies further out. */
const LIMIT = 6

/** Inputs of a step for each covariate: its value in units of its scale, and 1 where it is known. */
export const COVARIATE_INPUTS = 2
/** Features of a target for each covariate known ahead: those two, and by how much it differs from one season before, short and long. */
export const COVARIATE_FEATURES = 4

/**
 * Takes the covariates of a grid step, of the series in `slot`: into their rings, and into their scalers, with the equations
 * of the values' own.
 * @param values from `at` on, one for each covariate; NaN = missing
 */
export function observeCovariates(
  table: SeriesTable,
  slot: number,
  index: number,
  values: ArrayLike<number>,
  at: number,
): void {
  const { layout, f32 } = table
  const { ringSize: R, covariateWidth, short: m } = layout
  const rate = 1 - Math.pow(0.5, 1 / Math.max(SCALER_SEASONS * layout.long, LEAST_HALF_LIFE))
  const position = modulo(index, R)
  let row = slot * layout.width + layout.covariates
  for (let c = 0; c < layout.covariateNames.length; c++, row += covariateWidth) {
    const x = values[at + c]!
    f32[row + position] = x
    if (x !== x) continue
    const s = row + R
    const n = (f32[s + COVARIATE.count]! += 1)
    const a = Math.max(rate, 1 / n)
    const reach = n > m ? CLIP * scaleOf(f32[s + COVARIATE.spread]!) : Infinity
    const d = Math.max(-reach, Math.min(reach, x - f32[s + COVARIATE.mean]!))
    f32[s + COVARIATE.spread]! += a * (d * d - f32[s + COVARIATE.spread]!)
    f32[s + COVARIATE.mean]! += a * d
  }
}

/** Of a covariate that has never changed, no step is further from it than another. */
export function scaleOf(variance: number): number {
  return variance > 0 ? Math.sqrt(variance) : 1
}

/** What a network reads of a step's covariates, in the scale of now, into out[at …). Missing ones are masked. */
export function covariateInputs(
  table: SeriesTable,
  slot: number,
  index: number,
  out: Float32Array,
  at: number,
): void {
  const { layout, f32 } = table
  const { ringSize: R, covariateWidth } = layout
  const position = modulo(index, R)
  let row = slot * layout.width + layout.covariates
  let o = at
  for (let c = 0; c < layout.covariateNames.length; c++, row += covariateWidth) {
    const x = f32[row + position]!
    const known = x === x
    const scaler = row + R
    const scale = scaleOf(f32[scaler + COVARIATE.spread]!)
    out[o++] = known ? clamp((x - f32[scaler + COVARIATE.mean]!) / scale) : 0
    out[o++] = known ? 1 : 0
  }
}

/** Where the covariates of a series are found as of a step: in its row, or in a walk over its history. */
export interface CovariateView {
  /** Covariate c at grid index i: values[at + c · stride + (i modulo size)]; NaN = missing. */
  values: Float32Array
  at: number
  readonly stride: number
  readonly size: number
  /** Scaler of covariate c: mean at scalers[scalerAt + c · scalerStride], and the variance behind it. */
  scalers: Float32Array
  scalerAt: number
  readonly scalerStride: number
  /** Oldest index that is held. Absent: everything asked for. */
  readonly first?: number
}

/** The view of the series in `slot`. */
export function rowCovariates(table: SeriesTable, slot: number): CovariateView {
  const { layout, f32 } = table
  const at = slot * layout.width + layout.covariates
  return {
    values: f32,
    at,
    stride: layout.covariateWidth,
    size: layout.ringSize,
    scalers: f32,
    scalerAt: at + layout.ringSize + COVARIATE.mean,
    scalerStride: layout.covariateWidth,
  }
}

/**
 * What the head reads of the covariates known of the targets t+1…t+H, in the scale of now, into out[at …], with `width` floats
 * from a target to the next. For each covariate: its value, 1 where it is known, and its distance from what it was at the
 * target's slot one short and one long season before, where the seasonal forecasts come from.
 * @param ahead [H, known ahead] from `aheadAt` on; NaN = missing
 */
export function covariateFeatures(
  { layout, i1, i7 }: TargetIndex,
  view: CovariateView,
  index: number,
  ahead: Float32Array,
  aheadAt: number,
  out: Float32Array,
  at: number,
  width: number,
): void {
  const K = layout.ahead.length
  const { first = -Infinity } = view
  for (let k = 0; k < K; k++) {
    const c = layout.ahead[k]!
    const ring = view.at + c * view.stride
    const scaler = view.scalerAt + c * view.scalerStride
    const mean = view.scalers[scaler]!
    const inverse = 1 / scaleOf(view.scalers[scaler + 1]!)
    const before = (step: number): number =>
      step >= first ? view.values[ring + modulo(step, view.size)]! : NaN
    let o = at + k * COVARIATE_FEATURES
    for (let h = 0; h < i1.length; h++, o += width) {
      const x = ahead[aheadAt + h * K + k]!
      const short = (x - before(index + i1[h]!)) * inverse
      const long = (x - before(index + i7[h]!)) * inverse
      out[o] = x === x ? clamp((x - mean) * inverse) : 0
      out[o + 1] = x === x ? 1 : 0
      out[o + 2] = short === short ? clamp(short) : 0
      out[o + 3] = long === long ? clamp(long) : 0
    }
  }
}

function clamp(value: number): number {
  return value > LIMIT ? LIMIT : value < -LIMIT ? -LIMIT : value
}
