import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import type { TensorFlow } from '../model/tensorflow.js'

export interface Gradient {
  /** Mean over the chunk's targets. */
  readonly loss: number
  /** Of the flat weight vector. */
  readonly weights: Float32Array
  /** Of the states at the start of the chunk, [B, stateSize]. */
  readonly start: Float32Array
  /** [B, stateSize] at the end of the chunk */
  readonly states: Float32Array
}

/** What of an update's loss lies outside a chunk. */
export interface Share {
  /** The chunk's own loss counts so much. */
  readonly weight: number
  /** Gradient of later chunks' loss by the states at the end of this one, [B, stateSize]; `null`: none. */
  readonly later: Float32Array | null
}

/** The chunk is all there is. */
export const ALONE: Share = { weight: 1, later: null }

/** A chunk unrolled from the states at its start, both [B, stateSize]; and its loss. */
export type Unroll = (flat: Tensor1D, start: Tensor2D) => { readonly loss: Scalar; readonly last: Tensor2D }

/** Back-propagation through time over one chunk: the gradient of the flat weights and of `states` [B, stateSize] at its start. */
export function lossGradient(
  tf: TensorFlow,
  weights: Float32Array,
  states: Float32Array,
  streams: number,
  { weight, later }: Share,
  unroll: Unroll,
): Gradient {
  const shape: [number, number] = [streams, states.length / streams]
  const kept: Tensor[] = []
  tf.tidy(() => {
    const lossOf = (...args: Tensor[]): Scalar => {
      const { loss, last } = unroll(args[0] as Tensor1D, args[1] as Tensor2D)
      kept.push(tf.keep(loss), tf.keep(last))
      const own = weight === 1 ? loss : tf.mul<Scalar>(loss, weight)
      return later === null ? own : tf.add(own, tf.sum<Scalar>(tf.mul(last, tf.tensor2d(later, shape))))
    }
    // A copy, as the backend may go on reading the array while the optimizer changes it.
    const flat = tf.tensor1d(weights.slice())
    const { grads } = tf.valueAndGrads(lossOf)([flat, tf.tensor2d(states, shape)])
    kept.push(...grads.map((grad) => tf.keep(grad)))
  })
  const [loss, after, ofWeights, ofStart] = kept.map((tensor) => tensor.dataSync<'float32'>().slice())
  tf.dispose(kept)
  return { loss: loss![0]!, weights: ofWeights!, start: ofStart!, states: after! }
}
