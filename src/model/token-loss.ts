import type { Rank, Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { crossEntropy } from './loss.js'
import { runOp, type TensorFlow } from './tensorflow.js'
import { logitsOf, type TokenWeights } from './token-network.js'

/**
 * Cross-entropy of the tokens that followed, mean over the positions that count: −log softmax(W_hy h + b_y)[target].
 * @param hidden [N, hidden]
 * @param targets [N]
 * @param mask [N] 1 where a position counts
 */
export function tokenLoss(
  tf: TensorFlow,
  fused: boolean,
  w: TokenWeights,
  hidden: Tensor2D,
  targets: Int32Array,
  mask: Float32Array,
): Scalar {
  if (fused) return fusedLoss(tf, w, hidden, targets, mask)
  const target = tf.tensor1d(targets.slice(), 'int32')
  return crossEntropy(tf, logitsOf(tf, w, hidden), target, tf.tensor1d(mask.slice()))
}

/** The same in TensorFlow's operations: one of them has the loss and its gradient by the logits. */
function fusedLoss(
  tf: TensorFlow,
  w: TokenWeights,
  hidden: Tensor2D,
  targets: Int32Array,
  mask: Float32Array,
): Scalar {
  const run = (op: string, inputs: readonly Tensor[], attributes = {}): Tensor =>
    runOp(tf, op, inputs, 1, attributes)[0]!
  const count = Math.max(
    1,
    mask.reduce((sum, one) => sum + one, 0),
  )
  const loss = tf.customGrad((...args) => {
    const save = args.pop() as unknown as (tensors: Tensor[]) => void
    const [h, output, bias] = args as unknown as readonly [Tensor2D, Tensor2D, Tensor1D]
    const logits = run('BiasAdd', [run('MatMul', [h, output]), bias]) // [N, tokens]
    const labels = tf.tensor1d(targets.slice(), 'int32')
    const made = runOp(tf, 'SparseSoftmaxCrossEntropyWithLogits', [logits, labels], 2)
    const [losses, ofLogits] = made as [Tensor, Tensor] // [N] and [N, tokens]
    const share = tf.tensor2d(
      mask.map((one) => one / count),
      [mask.length, 1],
    )
    const value = run('MatMul', [tf.reshape(losses, [1, -1]), share])
    save([h, output, run('Mul', [ofLogits, share])])
    return { value: tf.reshape<Rank.R0>(value, []), gradFunc: backward }
  })
  return loss(hidden, w.output, w.outputBias) as Scalar

  /** dy is of the loss, a scalar. */
  function backward(dy: Scalar, saved: Tensor[]): Tensor[] {
    const [h, output, ofLogits] = saved as [Tensor2D, Tensor2D, Tensor2D]
    const dLogits = run('Mul', [ofLogits, dy])
    return [
      run('MatMul', [dLogits, output], { transpose_b: true }),
      run('MatMul', [h, dLogits], { transpose_a: true }),
      run('BiasAddGrad', [dLogits]),
    ]
  }
}
