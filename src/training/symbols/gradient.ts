import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { crossEntropy } from '../../model/loss.js'
import type { Dropout } from '../../model/stack.js'
import type { TensorFlow } from '../../model/tensorflow.js'
import { unpackTokens, unrollTokens, type TokenSpec } from '../../model/token-network.js'
import type { Gradient, Share } from '../gradient.js'
import type { SymbolBatch } from './streams.js'

/** Back-propagation through time over one chunk: unrolled, its cross-entropy, and the gradient of all weights and of its start. */
export function symbolGradient(
  tf: TensorFlow,
  fused: boolean,
  spec: TokenSpec,
  weights: Float32Array,
  batch: SymbolBatch,
  dropout: Dropout | null,
  { weight, later }: Share,
): Gradient {
  const shape = startShape(batch)
  const kept: Tensor[] = []
  tf.tidy(() => {
    const lossOf = (...args: Tensor[]): Scalar => {
      const [flat, start] = args as [Tensor1D, Tensor2D]
      const w = unpackTokens(tf, spec, flat)
      const { logits, last } = unrollTokens(tf, fused, spec, w, batch, start, { dropout })
      const targets = tf.tensor1d(batch.targets, 'int32')
      const loss = crossEntropy(tf, logits, targets, tf.tensor1d(batch.mask))
      kept.push(tf.keep(loss), tf.keep(last))
      const own = weight === 1 ? loss : tf.mul<Scalar>(loss, weight)
      return later === null ? own : tf.add(own, tf.sum<Scalar>(tf.mul(last, tf.tensor2d(later, shape))))
    }
    // A copy, as the backend may go on reading the array while the optimizer changes it.
    const start = tf.tensor2d(batch.states, shape)
    const { grads } = tf.valueAndGrads(lossOf)([tf.tensor1d(weights.slice()), start])
    kept.push(...grads.map((grad) => tf.keep(grad)))
  })
  const [loss, states, ofWeights, ofStart] = kept.map((tensor) => tensor.dataSync<'float32'>().slice())
  tf.dispose(kept)
  return { loss: loss![0]!, weights: ofWeights!, start: ofStart!, states: states! }
}

/** States at the end of a chunk, [streams, stateSize], without a gradient. */
export function symbolStates(
  tf: TensorFlow,
  fused: boolean,
  spec: TokenSpec,
  weights: Float32Array,
  batch: SymbolBatch,
  dropout: Dropout | null,
): Float32Array {
  let states: Float32Array | undefined
  tf.tidy(() => {
    const w = unpackTokens(tf, spec, tf.tensor1d(weights.slice()))
    const start = tf.tensor2d(batch.states, startShape(batch))
    states = unrollTokens(tf, fused, spec, w, batch, start, { dropout }).last.dataSync<'float32'>().slice()
  })
  return states!
}

function startShape({ states, streams }: SymbolBatch): [number, number] {
  return [streams, states.length / streams]
}
