import type { NetworkSpec } from '../core/network-spec.js'
import { drawWeights, medianWeights } from '../model/draw.js'
import type { Random } from '../model/random.js'
import type { Batch } from './dataset.js'

/** What a batch's decoder is fed with; see `Feedback`. */
export interface BatchFeedback {
  /** [N, K] 1: with what came, 0: with its own output. */
  readonly taught: Float32Array
  /** [N, K, quantiles] */
  readonly draws: Float32Array
}

/**
 * The share at which scheduled sampling ends unless configured. Fed with medians, a step's quantiles have to hold whatever
 * came before it, so that the decoder has to live on its own output in the end. Fed with draws, they have to hold given the
 * step before, which only the truth can teach.
 */
export function lastOwnShare(spec: NetworkSpec): number {
  return (spec.decoder?.samples ?? 0) > 0 ? 0 : 1
}

/** Share of a training over which the decoder is weaned; the rest has the last share. */
const WEANING = 0.5

/** Draws come from the middles of so many equal parts of (0, 1): none lies endlessly far out. */
const STRATA = 1000

/** Scheduled sampling: share of steps fed with the decoder's own output, rising from 0 in proportion to its last value. */
export function ownShare(update: number, updates: number, last: number): number {
  return last * Math.min(1, (update - 1) / (WEANING * updates))
}

/**
 * Flips a coin for each step of each forecast: with this probability, and where nothing came, the decoder is fed with its
 * own output: a draw where it will be used with draws, else the median.
 */
export function drawFeedback(spec: NetworkSpec, batch: Batch, own: number, random: Random): BatchFeedback {
  const { quantiles } = spec
  const Q = quantiles.length
  const drawn = (spec.decoder?.samples ?? 0) > 0
  const taught = batch.mask.map((known) => (known === 1 && random.uniform() >= own ? 1 : 0))
  const draws = new Float32Array(taught.length * Q)
  for (let i = 0; i < taught.length; i++) {
    if (!drawn) medianWeights(quantiles, draws, i * Q)
    else if (taught[i] === 0) drawWeights(quantiles, (random.integer(STRATA) + 0.5) / STRATA, 1, draws, i * Q)
  }
  return { taught, draws }
}
