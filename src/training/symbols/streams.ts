import type { TrainingConfig } from '../../config/types.js'
import type { Random } from '../../model/random.js'
import type { TokenBatch } from '../../model/token-network.js'
import type { Chunks } from '../update-gradient.js'
import { inputOf, MISSING, type Sequence } from './sequences.js'

/** A stream starts afresh after so many chunks, or those of one update where they are more. */
const CHUNKS_PER_RUN = 20

/** What is trained on: symbols [0, end) of a series. */
export interface SymbolRange {
  readonly sequence: Sequence
  readonly end: number
}

export interface SymbolChunk extends TokenBatch {
  /** [steps · streams] the symbol after each; anything where there is none. */
  readonly targets: Int32Array
  /** [steps · streams] 1 where there is one. */
  readonly mask: Float32Array
  /** [streams, stateSize], carried from the chunk before as values: the gradient stops here. */
  readonly states: Float32Array
}

export interface SymbolBatch extends SymbolChunk {
  /** [streams] 1 where the state is zero because the stream starts afresh. */
  readonly fresh: Uint8Array
}

interface Stream {
  readonly range: SymbolRange
  position: number
  age: number
}

/** Endless chunks of parallel streams, each reading on in a series with its state carried along. */
export class SymbolStreams implements Chunks<SymbolBatch> {
  private readonly streams: Stream[]
  private readonly states: Float32Array
  private readonly total: number
  private chunks = 0

  /** @param ranges of at least two symbols each */
  constructor(
    private readonly ranges: readonly SymbolRange[],
    private readonly sizes: Pick<TrainingConfig, 'streams' | 'chunk' | 'chunksPerUpdate'>,
    private readonly stateSize: number,
    private readonly random: Random,
  ) {
    this.total = ranges.reduce((sum, { end }) => sum + end, 0)
    this.states = new Float32Array(sizes.streams * stateSize)
    this.streams = Array.from({ length: sizes.streams }, () => this.start())
  }

  next(): SymbolBatch {
    const { chunk: T, streams: B } = this.sizes
    const fresh = new Uint8Array(B)
    const inputs = new Int32Array(T * B)
    const targets = new Int32Array(T * B)
    const mask = new Float32Array(T * B)
    for (let b = 0; b < B; b++) {
      if (this.isOver(this.streams[b]!)) this.streams[b] = this.start()
      const stream = this.streams[b]!
      if (stream.age++ === 0) {
        fresh[b] = 1
        this.states.fill(0, b * this.stateSize, (b + 1) * this.stateSize)
      }
      const { sequence, end } = stream.range
      for (let t = 0; t < T && stream.position < end - 1; t++, stream.position++) {
        const target = sequence.symbols[stream.position + 1]!
        inputs[t * B + b] = inputOf(sequence.symbols[stream.position]!)
        targets[t * B + b] = inputOf(target)
        mask[t * B + b] = target === MISSING ? 0 : 1
      }
    }
    this.chunks++
    return { steps: T, streams: B, inputs, targets, mask, states: this.states.slice(), fresh }
  }

  carry(states: Float32Array): void {
    this.states.set(states)
  }

  /** At the end of its data, or where the next update would not lie in the run as a whole. */
  private isOver({ age, position, range }: Stream): boolean {
    const perUpdate = this.sizes.chunksPerUpdate
    if (this.chunks % perUpdate === 0 && age + perUpdate > Math.max(CHUNKS_PER_RUN, perUpdate)) return true
    return position >= range.end - 1
  }

  /** A random place in a random series, each symbol of the data being equally likely. */
  private start(): Stream {
    let ticket = this.random.uniform() * this.total
    const range = this.ranges.find(({ end }) => (ticket -= end) < 0) ?? this.ranges[0]!
    return { range, position: this.random.integer(Math.max(1, range.end - this.sizes.chunk)), age: 0 }
  }
}
