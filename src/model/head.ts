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

/** What of the head is the same for all states: made once, however often it is read. */
export interface HeadShape {
  /** [2Q, Q]: hands o_mid to every quantile, and each distance to its own quantile and those beyond it. */
  readonly arrangement: Tensor2D
  /** √(k + 1) of each horizon step, [K, 1], where distances grow with it. */
  readonly unit: Tensor2D | null
  /** u of each horizon step, [K, M] */
  readonly direct: Tensor2D
}

export function headShape(tf: TensorFlow, spec: NetworkSpec, w: HeadWeights, steps: Tensor1D): HeadShape {
  const K = steps.shape[0]
  return {
    arrangement: arrangement(tf, spec.quantiles.length),
    unit: widens(spec) ? tf.reshape(tf.sqrt(tf.add(tf.cast(steps, 'float32'), 1)), [K, 1]) : null,
    direct: tf.gather(w.direct, steps),
  }
}

/** What of `a` comes from the targets, [N, K, A]: E_k + W_f f_k + E_slot + E_weekday. @param features W_f, or rows of it */
export function targetTerms(tf: TensorFlow, w: HeadWeights, features: Tensor2D, targets: Targets): Tensor3D {
  const [N, K, F] = targets.features.shape
  const perTarget = tf.add(tf.matMul(tf.reshape(targets.features, [N * K, F]), features), targets.days)
  const perStep = tf.expandDims(tf.gather(w.steps, targets.steps), 0) // [1, K, A]
  return tf.add(tf.reshape(perTarget, [N, K, w.hidden.shape[0]]), perStep)
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
  const perState = tf.expandDims(tf.matMul(h, w.state), 1) // [N, 1, A]
  const a = tf.add<Tensor3D>(perState, targetTerms(tf, w, w.features, targets))
  return headQuantiles(tf, spec, w, headShape(tf, spec, w, targets.steps), a, targets.features)
}

/**
 * Quantiles [N, K, Q] from a [N, K, A], of which a = ReLU(W_h h + W_f f_k + E_k + E_slot + E_weekday) still lacks the ReLU.
 * @param features f [N, K, F or fewer], those mixed first
 */
export function headQuantiles(
  tf: TensorFlow,
  spec: NetworkSpec,
  w: HeadWeights,
  { arrangement, unit, direct }: HeadShape,
  a: Tensor3D,
  features: Tensor3D,
): Tensor3D {
  const [N, K, A] = a.shape
  const Q = spec.quantiles.length
  const M = spec.mixture
  // b = ReLU(W_2 a) · o = W_3 b
  const b = tf.relu(tf.matMul(tf.relu(tf.reshape<Rank.R2>(a, [N * K, A])), w.hidden)) as Tensor2D
  const o = tf.add(tf.matMul(b, w.output), w.outputBias) // [N·K, Q + M]
  const [values, gate] = tf.split(o, [Q, M], 1) as [Tensor2D, Tensor2D]
  const mixed = tf.slice(features, [0, 0, 0], [N, K, M])
  const share = tf.add(tf.reshape(tf.softmax(gate), [N, K, M]), direct) // [N, K, M]
  const base = tf.sum(tf.mul(share, mixed), 2, true) // (u_k + softmax(gate))·f_k
  // median = base + o_mid; each outer quantile lies a softplus(o − 0.5) beyond its inner neighbour: they cannot cross.
  const distances = tf.softplus(tf.sub(values, SPREAD_OFFSET)) as Tensor2D
  const around = tf.matMul(tf.concat([values, distances], 1), arrangement)
  const shaped = tf.reshape<Rank.R3>(around, [N, K, Q])
  return tf.add(base, unit === null ? shaped : tf.mul(shaped, unit))
}

/** [2Q, Q], on [values, distances]: hands o_mid to every quantile, and each distance to its own quantile and those beyond it. */
function arrangement(tf: TensorFlow, Q: number): Tensor2D {
  const middle = (Q - 1) / 2
  const matrix = new Float32Array(2 * Q * Q).fill(1, middle * Q, (middle + 1) * Q)
  for (let q = 0; q < Q; q++) {
    const at = (Q + q) * Q
    if (q < middle) matrix.fill(-1, at, at + q + 1)
    else if (q > middle) matrix.fill(1, at + q, at + Q)
  }
  return tf.tensor2d(matrix, [2 * Q, Q])
}
