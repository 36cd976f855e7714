import { imputeWindows } from '../../model/imputation-network.js'
import type { TensorFlow } from '../../model/tensorflow.js'
import { longestGap, windowSteps, type Imputer } from './learn.js'
import { CANDIDATES, WINDOW_INPUTS, WindowEncoder, type ScaledSeries } from './window.js'

/** Windows per call of the network. */
const WINDOWS = 64

/** Missing steps [from, to) between two known ones. */
export interface Gap {
  readonly from: number
  readonly to: number
}

/** What stands in for missing values of a series. */
export interface Fills {
  /** Steps, ascending. */
  readonly steps: Int32Array
  /** [steps, quantiles], in the values' own unit */
  readonly quantiles: Float64Array
}

/** A series' gaps: missing steps that have a known one on both sides. */
export function gapsOf(values: Float64Array): Gap[] {
  const gaps: Gap[] = []
  let known = -1
  values.forEach((x, t) => {
    if (x !== x) return
    if (known >= 0 && t > known + 1) gaps.push({ from: known + 1, to: t })
    known = t
  })
  return gaps
}

interface Plan {
  readonly from: number
  readonly gaps: Gap[]
}

/** Windows that hold all gaps, each with a quarter of the window known to be around it where the series has as much. */
function plan(gaps: readonly Gap[], steps: number): Plan[] {
  const margin = steps / 4
  const plans: Plan[] = []
  for (const gap of gaps) {
    const last = plans.at(-1)
    if (last !== undefined && gap.to <= last.from + steps - margin) last.gaps.push(gap)
    else plans.push({ from: gap.from - margin, gaps: [gap] })
  }
  return plans
}

/** Quantiles for the missing values of all gaps up to the longest that is filled. */
export function fillGaps(tf: TensorFlow, fused: boolean, imputer: Imputer, series: ScaledSeries): Fills {
  const { spec, weights, season } = imputer
  const T = windowSteps(season)
  const Q = spec.quantiles.length
  const gaps = gapsOf(series.values).filter(({ from, to }) => to - from <= longestGap(season))
  const plans = plan(gaps, T)
  const encoder = new WindowEncoder(season, T)
  const count = gaps.reduce((sum, { from, to }) => sum + to - from, 0)
  const fills = { steps: new Int32Array(count), quantiles: new Float64Array(count * Q) }
  let n = 0
  for (let first = 0; first < plans.length; first += WINDOWS) {
    const some = plans.slice(first, first + WINDOWS)
    const B = some.length
    const inputs = new Float32Array(T * B * WINDOW_INPUTS)
    const candidates = new Float32Array(T * B * CANDIDATES)
    some.forEach(({ from }, b) => {
      encoder.encode(series, from, null, { inputs, candidates }, b, B)
    })
    const y = imputeWindows(tf, fused, spec, weights, { steps: T, windows: B, inputs, candidates })
    some.forEach(({ from, gaps: inWindow }, b) => {
      for (const gap of inWindow) {
        for (let t = gap.from; t < gap.to; t++, n++) {
          fills.steps[n] = t
          for (let q = 0; q < Q; q++) {
            const z = y[((t - from) * B + b) * Q + q]!
            fills.quantiles[n * Q + q] = series.mean + series.scale * z
          }
        }
      }
    })
  }
  return fills
}
