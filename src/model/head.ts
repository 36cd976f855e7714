import type { Rank, Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import type { NetworkSpec } from '../core/network-spec.js'
import type { TensorFlow } from './tensorflow.js'

/** The head is shared over horizon steps; A is its width, F the features per target, M those it mixes, Q the quantiles. */
export interface HeadWeights {
  /** W_h [hidden, A] */
  readonly state: Tensor2D
  /** W_f [F, A] */
  readonly features: Tensor2D
  /** E_k [horizon, A] */
  readonly steps: Tensor2D
  /** E_slot [slots, A] */
  readonly slots: Tensor2D
  /** E_weekday [weekdays, A] */
  readonly weekdays: Tensor2D
  /** W_2 [A, A] */
  readonly hidden: Tensor2D
  /** W_3 [A, Q + M] */
  readonly output: Tensor2D
  /** [Q + M] */
  readonly outputBias: Tensor1D
  /** u [horizon, M] */
  readonly direct: Tensor2D
}

/** What is forecast from N hidden states: K horizon steps each. */
export interface Targets {
  /** Row of E_k, u of each of the K steps (k − 1), ascending. */
  readonly steps: Tensor1D
  /** f [N, K, F] */
  readonly features: Tensor3D
  /** E_slot + E_weekday of each target, [N · K, A]: see `calendarRows`. */
  readonly days: Tensor
}

/** A first distance between neighbouring quantiles of softplus(−0.5) = 0.47 of the series' scale. */
export const SPREAD_OFFSET = 0.5

/** One table of both calendar embeddings: row weekday · slots + slot, [weekdays · slots, A]. */
export function calendarTable(tf: TensorFlow, w: HeadWeights): Tensor2D {
  const width = w.slots.shape[1]
  return tf.reshape(tf.add(tf.expandDims(w.weekdays, 1), tf.expandDims(w.slots, 0)), [-1, width])
}

/** The calendar's contribution by target; `calendar` [n]: weekday · slots + slot. */
export function calendarRows(tf: TensorFlow, w: HeadWeights, calendar: Tensor1D): Tensor2D {
  return tf.gather(calendarTable(tf, w), calendar)
}

/**
 * Whether distances from the origin's value grow with √k: those of a walk do, unless each step goes on from a draw of the
 * one before, which has them already.
 */
export function widens(spec: NetworkSpec): boolean {
  return spec.kind === 'walk' && (spec.decoder?.samples ?? 0) === 0
}

/**
 * Quantiles [N, K, Q] in the scale of the origin, from hidden states h [N, hidden]. The differentiable form: `Network` has
 * the same equations arranged for speed.
 */
export function headForecast(
  tf: TensorFlow,
  spec: NetworkSpec,
  w: HeadWeights,
  h: Tensor2D,
  targets: Targets,
): Tensor3D {
  const N = h.shape[0]
  const [, K, F] = targets.features.shape
  const Q = spec.quantiles.length
  const M = spec.mixture
  const A = w.hidden.shape[0]
  const f = tf.reshape(targets.features, [N * K, F]) as Tensor2D
  const perState = tf.expandDims(tf.matMul(h, w.state), 1) // [N, 1, A]
  const perStep = tf.expandDims(tf.gather(w.steps, targets.steps), 0) // [1, K, A]
  const perTarget = tf.add(tf.matMul(f, w.features), targets.days) // [N·K, A]
  // a = ReLU(W_h h + W_f f_k + E_k + E_slot + E_weekday) · b = ReLU(W_2 a) · o = W_3 b
  const a = tf.relu(tf.add(tf.reshape(tf.add(perState, perStep), [N * K, A]), perTarget)) as Tensor2D
  const b = tf.relu(tf.matMul(a, w.hidden)) as Tensor2D
  const o = tf.add(tf.matMul(b, w.output), w.outputBias) // [N·K, Q + M]
  const [values, gate] = tf.split(o, [Q, M], 1) as [Tensor2D, Tensor2D]
  const mixed = tf.reshape(tf.slice(f, [0, 0], [N * K, M]), [N, K, M])
  const share = tf.add(tf.reshape(tf.softmax(gate), [N, K, M]), tf.gather(w.direct, targets.steps)) // [N, K, M]
  const base = tf.sum(tf.mul(share, mixed), 2, true) // (u_k + softmax(gate))·f_k
  // median = base + o_mid; each outer quantile lies a softplus(o − 0.5) beyond its inner neighbour: they cannot cross.
  const { median, outward } = arrangement(tf, Q)
  const distances = tf.softplus(tf.sub(values, SPREAD_OFFSET)) as Tensor2D
  const around = tf.reshape<Rank.R3>(tf.add(tf.matMul(values, median), tf.matMul(distances, outward)), [
    N,
    K,
    Q,
  ])
  if (!widens(spec)) return tf.add(base, around)
  const unit = tf.reshape(tf.sqrt(tf.add(tf.cast(targets.steps, 'float32'), 1)), [1, K, 1])
  return tf.add(base, tf.mul(around, unit))
}

/** Matrices [Q, Q] that hand o_mid to every quantile, and each distance to its own quantile and those beyond it. */
function arrangement(tf: TensorFlow, Q: number): { readonly median: Tensor2D; readonly outward: Tensor2D } {
  const middle = (Q - 1) / 2
  const median = new Float32Array(Q * Q).fill(1, middle * Q, (middle + 1) * Q)
  const outward = new Float32Array(Q * Q)
  for (let q = 0; q < Q; q++) {
    if (q < middle) outward.fill(-1, q * Q, q * Q + q + 1)
    else if (q > middle) outward.fill(1, q * Q + q, (q + 1) * Q)
  }
  return { median: tf.tensor2d(median, [Q, Q]), outward: tf.tensor2d(outward, [Q, Q]) }
}
