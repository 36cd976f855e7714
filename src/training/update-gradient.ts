import type { NetworkSpec } from '../core/network-spec.js'
import type { TensorFlow } from '../model/tensorflow.js'
import type { Batch } from './dataset.js'
import { chunkGradient, chunkStates, type ChunkOptions } from './gradient.js'
import type { Gradient, Share } from './loss-gradient.js'

export interface UpdateGradient {
  /** Mean over the targets of all chunks. */
  readonly loss: number
  /** Of the flat weight vector. */
  readonly gradient: Float32Array
}

/** How the chunks of an update are unrolled. */
export interface Unrolled<B> {
  /** States at the end of the chunk, [B, stateSize], without a gradient. */
  states(batch: B, chunk: number): Float32Array
  gradient(batch: B, chunk: number, share: Share): Gradient
  /** Targets that the chunk's loss is the mean over. */
  targets(batch: B): number
}

/** Endless chunks, each stream's state handed on from one to the next. */
export interface Chunks<B> {
  next(): B
  carry(states: Float32Array): void
}

/**
 * Gradient of the next `count` chunks' loss, the same as if they were one, but never more than one of them in memory: forward
 * from chunk to chunk, keeping the states at the cuts; then backward, each chunk unrolled once more and the gradient of its
 * start handed to the one before. The last states are carried on as values: the gradient does not cross that cut.
 */
export function chunkedGradient<B extends { readonly fresh: Uint8Array }>(
  chunks: Chunks<B>,
  count: number,
  unrolled: Unrolled<B>,
): UpdateGradient {
  const batches = Array.from({ length: count }, (_, i) => {
    const batch = chunks.next()
    if (i < count - 1) chunks.carry(unrolled.states(batch, i))
    return { batch, i, targets: unrolled.targets(batch) }
  })
  const total = Math.max(
    1,
    batches.reduce((sum, { targets }) => sum + targets, 0),
  )
  let gradient: Float32Array | undefined
  let loss = 0
  let later: Float32Array | null = null
  for (const { batch, i, targets } of batches.reverse()) {
    const weight = targets / total
    const chunk = unrolled.gradient(batch, i, { weight, later })
    if (later === null) chunks.carry(chunk.states)
    loss += weight * chunk.loss
    if (gradient === undefined) gradient = chunk.weights
    else for (let w = 0; w < gradient.length; w++) gradient[w]! += chunk.weights[w]!
    later = chunk.start
    const size = later.length / batch.fresh.length
    // Where a stream starts afresh, what came before in its place is another's.
    batch.fresh.forEach((fresh, b) => {
      if (fresh === 1) chunk.start.fill(0, b * size, (b + 1) * size)
    })
  }
  return { loss, gradient: gradient! }
}

/** The same of the network of numbers. @param optionsOf what a chunk is unrolled with, by its number in the update */
export function updateGradient(
  tf: TensorFlow,
  fused: boolean,
  spec: NetworkSpec,
  weights: Float32Array,
  streams: Chunks<Batch>,
  count: number,
  optionsOf: (batch: Batch, chunk: number) => ChunkOptions,
): UpdateGradient {
  const options: ChunkOptions[] = []
  // Drawn once for each chunk: forward and backward are the same network.
  const of = (batch: Batch, chunk: number): ChunkOptions => (options[chunk] ??= optionsOf(batch, chunk))
  return chunkedGradient(streams, count, {
    states: (batch, chunk) => chunkStates(tf, fused, spec, weights, batch, of(batch, chunk).dropout),
    gradient: (batch, chunk, share) =>
      chunkGradient(tf, fused, spec, weights, batch, of(batch, chunk), share),
    targets: (batch) => batch.mask.reduce((a, b) => a + b, 0),
  })
}
