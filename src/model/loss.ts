import type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import type { TensorFlow } from './tensorflow.js'

/**
 * Mean pinball loss over targets and quantiles: L_p(y, q) = max(p e, (p − 1) e), e = y − q.
 * @param forecast [N, K, Q]
 * @param target [N, K], anything finite where there is none
 * @param mask [N, K] 1 where a target counts
 */
export function pinballLoss(
  tf: TensorFlow,
  quantiles: readonly number[],
  forecast: Tensor3D,
  target: Tensor,
  mask: Tensor,
): Scalar {
  const p = tf.tensor1d([...quantiles])
  const e = tf.sub(tf.expandDims(target, 2), forecast) // [N, K, Q]
  const loss = tf.maximum(tf.mul(e, p), tf.mul(e, tf.sub(p, 1)))
  const count = tf.maximum(tf.mul(tf.sum(mask), quantiles.length), 1)
  return tf.div(tf.sum(tf.mul(loss, tf.expandDims(mask, 2))), count)
}

/**
 * Softmax cross-entropy, mean over the positions that count: −log softmax(logits)[target].
 * @param logits [N, classes]
 * @param target [N] class of each position
 * @param mask [N] 1 where a position counts
 */
export function crossEntropy(tf: TensorFlow, logits: Tensor2D, target: Tensor1D, mask: Tensor1D): Scalar {
  const chosen = tf.oneHot(target, logits.shape[1]) // [N, classes]
  const gain = tf.mul(chosen, tf.logSoftmax(logits))
  const count = tf.maximum(tf.sum(mask), 1)
  return tf.neg(tf.div(tf.sum(tf.mul(tf.sum(gain, 1), mask)), count))
}
