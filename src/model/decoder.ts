import type { Rank, Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import type { NetworkSpec } from '../core/network-spec.js'
import type { CellForm } from './cell.js'
import { feedbackLimit } from './draw.js'
import { headForecast } from './head.js'
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
  const Q = spec.quantiles.length
  const residual = spec.residual ?? false
  const features = steps(tf, targets.features)
  const days = steps(tf, tf.reshape(targets.days, [N, K, -1]))
  const draws = steps(tf, feedback.draws)
  const truth = steps(tf, feedback.truth)
  const taught = steps(tf, feedback.taught)
  const quantiles: Tensor3D[] = []
  let state = states
  let y: Tensor2D | undefined
  for (let k = 0; k < K; k++) {
    const known = features[k] as Tensor2D
    const f = y === undefined ? known : tf.concat([y, tf.slice(known, [0, 1], [N, F - 1])], 1)
    const dropped = dropout === null ? null : { ...dropout, seed: `${dropout.seed}/decoder/${k}` }
    const input = tf.expandDims<Tensor3D>(f, 0)
    const { hidden, last } = stacked(tf, form, w.decoder, input, state, { residual, dropout: dropped })
    state = last
    const q = headForecast(tf, spec, w.head, tf.squeeze<Tensor2D>(hidden, [0]), {
      steps: tf.tensor1d([k], 'int32'),
      features: tf.expandDims<Tensor3D>(f, 1),
      days: days[k]!,
    })
    quantiles.push(q)
    const own = tf.sum<Tensor2D>(tf.mul(tf.reshape<Rank.R2>(q, [N, Q]), draws[k]!), 1, true)
    const share = tf.reshape<Rank.R2>(taught[k]!, [N, 1])
    const mixed = tf.add(own, tf.mul(share, tf.sub(tf.reshape<Rank.R2>(truth[k]!, [N, 1]), own)))
    const limit = feedbackLimit(spec.kind, k)
    y = tf.clipByValue(mixed, -limit, limit) as Tensor2D
  }
  return tf.concat(quantiles, 1)
}

/** [N, K, …] as K of [N, …]. The library's gradient of `unstack` fails where there is but one part. */
function steps(tf: TensorFlow, x: Tensor): readonly Tensor[] {
  return x.shape[1] === 1 ? [tf.squeeze(x, [1])] : tf.unstack(x, 1)
}
