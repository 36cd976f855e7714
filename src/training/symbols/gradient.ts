import type { Dropout } from '../../model/stack.js'
import type { TensorFlow } from '../../model/tensorflow.js'
import { unpackTokens, unrollTokens, type TokenSpec } from '../../model/token-network.js'
import { tokenLoss } from '../../model/token-loss.js'
import { ALONE, lossGradient, type Gradient } from '../loss-gradient.js'
import type { SymbolChunk } from './streams.js'

/** Back-propagation through time over one chunk: unrolled, its cross-entropy, and the gradient of all weights and of its start. */
export function symbolGradient(
  tf: TensorFlow,
  fused: boolean,
  spec: TokenSpec,
  weights: Float32Array,
  batch: SymbolChunk,
  dropout: Dropout | null,
  share = ALONE,
): Gradient {
  return lossGradient(tf, weights, batch.states, batch.streams, share, (flat, start) => {
    const w = unpackTokens(tf, spec, flat)
    const { hidden, last } = unrollTokens(tf, fused, spec, w, batch, start, { dropout })
    return { loss: tokenLoss(tf, fused, w, hidden, batch.targets, batch.mask), last }
  })
}

/** States at the end of a chunk, [streams, stateSize], without a gradient. */
export function symbolStates(
  tf: TensorFlow,
  fused: boolean,
  spec: TokenSpec,
  weights: Float32Array,
  batch: SymbolChunk,
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

function startShape({ states, streams }: SymbolChunk): [number, number] {
  return [streams, states.length / streams]
}
