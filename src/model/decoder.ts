import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import type { NetworkSpec } from '../core/network-spec.js'
import type { CellForm } from './cell.js'
import { feedbackLimit } from './draw.js'
import { headQuantiles, headShape, targetTerms, type HeadShape } from './head.js'
import { stacked, type Dropout } from './stack.js'
import type { TensorFlow } from './tensorflow.js'
import type { NetworkWeights } from './weights.js'

/** What a decoder forecasts from N states: all K steps of the horizon. */
export interface DecoderTargets {
  /** f [N, K, F] */
  readonly features: Tensor3D
  /** As in `Targets`, [N · K, A]. */
  readonly days: Tensor
}

/** What the decoder is fed with in place of a step's own output. */
export interface Feedback {
  /** What came, [N, K]. */
  readonly truth: Tensor2D
  /** [N, K] 1: fed with the truth (teacher forcing), 0: with its own output. */
  readonly taught: Tensor2D
  /** [N, K, Q] its own output is this combination of its quantiles: see `drawWeights`. */
  readonly draws: Tensor3D
}

/**
 * Quantiles [N, K, Q] in the scale of the origin, step by step: s_0 = the encoder's state; f_k with its newest value replaced
 * by y_{k−1}, the step before; s_k = Stack(s_{k−1}, f_k); q_k = Head(s_k, f_k); y_k = what came, or Σ c_k·q_k. The
 * differentiable form, through states and outputs fed back: `SteppingDecoder` has the same equations arranged for speed.
 * @param states [N, stateSize] of the encoder
 */
export function decode(
  tf: TensorFlow,
  spec: NetworkSpec,
  form: CellForm,
  w: NetworkWeights,
  states: Tensor2D,
  targets: DecoderTargets,
  feedback: Feedback,
  dropout: Dropout | null,
): Tensor3D {
  const [N, K, F] = targets.features.shape
  const residual = spec.residual ?? false
  // Of every step at once, what does not wait for the step before: all but y, the first of the features.
  const head = w.head
  const A = head.hidden.shape[0]
  const known = tf.slice(targets.features, [0, 0, 1], [N, K, F - 1])
  const perTarget = { ...targets, features: known, steps: tf.range(0, K, 1, 'int32') }
  const terms = steps(tf, targetTerms(tf, head, tf.slice(head.features, [1, 0], [F - 1, A]), perTarget))
  const heard = tf.concat([head.state, tf.slice(head.features, [0, 0], [1, A])], 0) // on [h, y]
  const shapes = byStep(tf, headShape(tf, spec, head, perTarget.steps))
  const features = steps(tf, known)
  const { truth, taught, draws } = feedback
  const given = steps(tf, tf.expandDims(tf.mul(taught, truth), 2))
  const own = steps(tf, tf.mul(tf.expandDims(tf.sub(1, taught), 2), draws))
  const quantiles: Tensor3D[] = []
  let state = states
  let y: Tensor2D = tf.reshape(tf.slice(targets.features, [0, 0, 0], [N, 1, 1]), [N, 1])
  for (let k = 0; k < K; k++) {
    const f: Tensor2D = tf.concat([y, features[k] as Tensor2D], 1)
    const dropped = dropout === null ? null : { ...dropout, seed: `${dropout.seed}/decoder/${k}` }
    const input = tf.expandDims<Tensor3D>(f, 0)
    const { hidden, last } = stacked(tf, form, w.decoder, input, state, { residual, dropout: dropped })
    state = last
    const h = tf.squeeze<Tensor2D>(hidden, [0])
    const a = tf.add<Tensor2D>(tf.matMul(tf.concat([h, y], 1), heard), terms[k]!)
    const q = headQuantiles(tf, spec, head, shapes[k]!, tf.expandDims(a, 1), tf.expandDims(f, 1))
    quantiles.push(q)
    const fed = tf.sum<Tensor2D>(tf.mul(tf.squeeze(q, [1]), own[k]!), 1, true)
    const limit = feedbackLimit(spec.kind, k)
    y = tf.clipByValue(tf.add<Tensor2D>(fed, given[k]!), -limit, limit)
  }
  return tf.concat(quantiles, 1)
}

/** A head of one step for each of K. */
function byStep(tf: TensorFlow, { arrangement, unit, direct }: HeadShape): readonly HeadShape[] {
  const units = unit === null ? null : steps(tf, tf.expandDims(unit, 0))
  return steps(tf, tf.expandDims(direct, 0)).map((row, k) => ({
    arrangement,
    unit: units === null ? null : (units[k] as Tensor2D),
    direct: row as Tensor2D,
  }))
}

/** [N, K, …] as K of [N, …]. The library's gradient of `unstack` fails where there is but one part. */
function steps(tf: TensorFlow, x: Tensor): readonly Tensor[] {
  return x.shape[1] === 1 ? [tf.squeeze(x, [1])] : tf.unstack(x, 1)
}
