import type { SeriesKind } from '../core/network-spec.js'
import type { Random } from './random.js'

/** As far as a target counts in training, in units of the scale. */
const LIMIT = 12

/** How far from the origin's mean a value may lie that step k (from 0) feeds back into the decoder; a walk goes as √k. */
export function feedbackLimit(kind: SeriesKind, k: number): number {
  return kind === 'walk' ? LIMIT * Math.sqrt(k + 1) : LIMIT
}

/**
 * Weights c with which a step's quantiles add up to a value of the distribution they describe, Σ c·q: the one at
 * probability u. Between two levels the value is linear in the log-odds of u; beyond the outermost the last line goes on.
 * A temperature T moves it towards the median: c ← (1 − T) median + T c.
 * @param levels ascending, symmetric around 0.5
 * @param out [levels] from `at`
 */
export function drawWeights(
  levels: readonly number[],
  u: number,
  temperature: number,
  out: Float32Array,
  at: number,
): void {
  const z = logOdds(u)
  let i = 0
  while (i < levels.length - 2 && z > logOdds(levels[i + 1]!)) i++
  const below = logOdds(levels[i]!)
  const share = (z - below) / (logOdds(levels[i + 1]!) - below)
  out.fill(0, at, at + levels.length)
  out[at + (levels.length - 1) / 2] = 1 - temperature
  out[at + i]! += temperature * (1 - share)
  out[at + i + 1]! += temperature * share
}

/** The weights that give the median. */
export function medianWeights(levels: readonly number[], out: Float32Array, at: number): void {
  out.fill(0, at, at + levels.length)
  out[at + (levels.length - 1) / 2] = 1
}

/**
 * Draws for `samples` paths over the horizon, [horizon, samples, levels]. At every step the paths' probabilities lie evenly
 * in (0, 1), in an order shuffled anew (Latin hypercube sampling): few paths then describe a distribution well.
 */
export function pathWeights(
  levels: readonly number[],
  horizon: number,
  samples: number,
  temperature: number,
  random: Random,
): Float32Array {
  const Q = levels.length
  const out = new Float32Array(horizon * samples * Q)
  for (let k = 0; k < horizon; k++) {
    const order = Int32Array.from({ length: samples }, (_, i) => i)
    for (let i = samples - 1; i > 0; i--) {
      const j = random.integer(i + 1)
      const other = order[j]!
      order[j] = order[i]!
      order[i] = other
    }
    for (let s = 0; s < samples; s++) {
      drawWeights(levels, (order[s]! + 0.5) / samples, temperature, out, (k * samples + s) * Q)
    }
  }
  return out
}

/** Value at probability p of ascending draws, the i-th of n standing for (i + ½) / n. */
export function quantileOf(sorted: Float32Array, p: number): number {
  const position = Math.max(0, Math.min(sorted.length - 1, p * sorted.length - 0.5))
  const i = Math.min(sorted.length - 2, Math.floor(position))
  return sorted[i]! + (position - i) * (sorted[i + 1]! - sorted[i]!)
}

function logOdds(p: number): number {
  return Math.log(p / (1 - p))
}
