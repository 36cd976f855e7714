import type { NetworkSpec } from '../core/network-spec.js'
import { SPREAD_OFFSET } from './head.js'
import { glorot, initialiseCell } from './initial-cell.js'
import { Random } from './random.js'
import { weightLayout } from './weights.js'

/** How much of each seasonal forecast the untrained head takes: the order of `headFeatures`. */
const MIXTURE_SHARES = [0.02, 0.12, 0.12, 0.06, 0.2, 0.14, 0.26, 0.08]
/** Standard deviation of embeddings at the start. Of size 1 they cost 10 % in accuracy. */
const EMBEDDING_SCALE = 0.02

/**
 * The cells' own initial weights, Glorot weights in the head, zero biases. The head's output weights are zero, so that it
 * starts as a mixture of seasonal forecasts and learns corrections only where they pay: 2 to 4 % better than random ones.
 */
export function initialWeights(spec: NetworkSpec, seed: number): Float32Array {
  const { entries, size } = weightLayout(spec)
  const weights = new Float32Array(size)
  const random = new Random(seed)
  for (const entry of entries) {
    const view = weights.subarray(entry.offset, entry.offset + entry.size)
    const recurrent = /^(?:decoder\.)?(?:rnn|lstm|gru)\d+\.(\w+)$/.exec(entry.name)
    if (recurrent !== null) {
      initialiseCell(spec.cell, { name: recurrent[1]!, shape: entry.shape }, view, spec.hidden, random)
    } else if (entry.name === 'embedding') fillNormal(view, random)
    else if (entry.name === 'head.outputBias') initialiseOutputBias(view, spec)
    else if (/^head\.(state|features|hidden)$/.test(entry.name)) glorot(view, entry.shape, random)
    else if (/^head\.(steps|slots|weekdays)$/.test(entry.name)) fillNormal(view, random)
  }
  return weights
}

function fillNormal(view: Float32Array, random: Random): void {
  for (let i = 0; i < view.length; i++) view[i] = EMBEDDING_SCALE * random.normal()
}

/** Gate biases are the mixture's first shares; a walk's first quantiles are those of a normal step. */
function initialiseOutputBias(view: Float32Array, spec: NetworkSpec): void {
  const { quantiles, mixture } = spec
  for (let j = 0; j < mixture; j++) view[quantiles.length + j] = Math.log(MIXTURE_SHARES[j] ?? 1)
  if (spec.kind !== 'walk') return
  const middle = (quantiles.length - 1) / 2
  for (let q = 0; q < quantiles.length; q++) {
    if (q === middle) continue
    const inner = q < middle ? q + 1 : q - 1
    const distance =
      STEPS_PER_DEVIATION * Math.abs(normalQuantile(quantiles[q]!) - normalQuantile(quantiles[inner]!))
    view[q] = Math.log(Math.expm1(distance)) + SPREAD_OFFSET // softplus(o − 0.5) = distance
  }
}

/** Standard deviation of a normal step in units of its mean size. */
const STEPS_PER_DEVIATION = Math.sqrt(Math.PI / 2)

/** By the logistic approximation, which is good to 2 % where quantiles are published. */
function normalQuantile(p: number): number {
  return Math.log(p / (1 - p)) / 1.702
}
