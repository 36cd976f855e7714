import { stateSize, type NetworkSpec } from '../core/network-spec.js'
import type { TensorFlow } from '../model/tensorflow.js'
import type { Batch, Streams } from './dataset.js'
import { chunkGradient, chunkStates, type ChunkOptions } from './gradient.js'

export interface UpdateGradient {
  /** Mean over the targets of all chunks. */
  readonly loss: number
  /** Of the flat weight vector. */
  readonly gradient: Float32Array
}

/**
 * Gradient of the next `count` chunks' loss, the same as if they were one, but never more than one of them in memory: forward
 * from chunk to chunk, keeping the states at the cuts; then backward, each chunk unrolled once more and the gradient of its
 * start handed to the one before. The last states are carried on as values: the gradient does not cross that cut.
 * @param optionsOf what a chunk is unrolled with, by its number in the update
 */
export function updateGradient(
  tf: TensorFlow,
  fused: boolean,
  spec: NetworkSpec,
  weights: Float32Array,
  streams: Pick<Streams, 'next' | 'carry'>,
  count: number,
  optionsOf: (batch: Batch, chunk: number) => ChunkOptions,
): UpdateGradient {
  const chunks = Array.from({ length: count }, (_, i) => {
    const batch = streams.next()
    const options = optionsOf(batch, i)
    if (i < count - 1) streams.carry(chunkStates(tf, fused, spec, weights, batch, options.dropout))
    return { batch, options, targets: batch.mask.reduce((a, b) => a + b, 0) }
  })
  const total = Math.max(
    1,
    chunks.reduce((sum, { targets }) => sum + targets, 0),
  )
  const gradient = new Float32Array(weights.length)
  let loss = 0
  let later: Float32Array | null = null
  for (const { batch, options, targets } of chunks.reverse()) {
    const weight = targets / total
    const chunk = chunkGradient(tf, fused, spec, weights, batch, options, { weight, later })
    if (later === null) streams.carry(chunk.states)
    loss += weight * chunk.loss
    for (let i = 0; i < gradient.length; i++) gradient[i]! += chunk.weights[i]!
    later = chunk.start
    // Where a stream starts afresh, what came before in its place is another's.
    batch.fresh.forEach((fresh, b) => {
      if (fresh === 1) chunk.start.fill(0, b * stateSize(spec), (b + 1) * stateSize(spec))
    })
  }
  return { loss, gradient }
}
