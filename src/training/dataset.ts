import type { TrainingConfig } from '../config/types.js'
import { COVARIATE_FEATURES, COVARIATE_INPUTS } from '../core/covariates.js'
import type { TargetIndex } from '../core/target-index.js'
import { stateSize, type NetworkSpec } from '../core/network-spec.js'
import type { Random } from '../model/random.js'
import type { EncodedSeries } from './encode-history.js'
import { OriginBuffers } from './origin-buffers.js'

/** A stream starts afresh after so many chunks, or those of one update where they are more. */
const CHUNKS_PER_RUN = 20
/** A state that started from zero is not trusted for so many steps: they carry no loss. */
const SETTLING_STEPS = 24
/** The loss is taken at every third step; neighbouring origins teach nearly the same. */
const ORIGIN_STRIDE = 3
/** With a decoder, which unrolls from each of them, at every ninth. */
const DECODER_STRIDE = 9
/** Of a longer horizon, so many randomly drawn steps carry the loss of an update. */
const LOSS_STEPS = 24
/** Share of streams that do not tell the network which series they are, so that it can serve unknown ones. */
const ANONYMOUS = 0.1

/** Shares of streams that are told nothing of covariates, or nothing of those to come: a network must do without them when they fail. */
const BLIND = 0.1
const SHORT_SIGHTED = 0.1

/** Whether an update learns some steps of the horizon only. */
export function drawsSteps({ decoder, horizon }: NetworkSpec): boolean {
  return decoder === undefined && horizon > LOSS_STEPS
}

/** What is trained on: steps [0, end) of a series. */
export interface TrainingRange {
  readonly series: EncodedSeries
  readonly end: number
  /** How often its steps are drawn beside those of others; default 1. */
  readonly weight?: number
}

/** The ranges long enough to hold an origin with a target after the state has settled. */
export function usableRanges(ranges: readonly TrainingRange[]): readonly TrainingRange[] {
  return ranges.filter((range) => range.end > SETTLING_STEPS + 1)
}

/** One update's data: B streams × T steps; N = origins · B forecasts (origin-major) of K horizon steps each. */
export interface Batch {
  readonly steps: number
  readonly streams: number
  /** [T, B, inputs] */
  readonly inputs: Float32Array
  /** [B] */
  readonly embedding: Int32Array
  /** [B, layers · hidden], carried from the chunk before as values: the gradient stops here. */
  readonly states: Float32Array
  /** [B] 1 where the state is zero because the stream starts afresh, instead of what was handed on. */
  readonly fresh: Uint8Array
  /** Steps that are origins. */
  readonly origins: Int32Array
  /** [K] horizon steps with loss, 0-based, ascending */
  readonly horizonSteps: Int32Array
  /** [N, K, targetFeatures] */
  readonly features: Float32Array
  /** [N, K] */
  readonly calendar: Int32Array
  readonly targets: Float32Array
  readonly mask: Float32Array
}

interface Stream {
  range: TrainingRange
  position: number
  /** Chunks since the state was zero. */
  age: number
  embedding: number
  sight: Sight
}

/** What a stream is told of covariates. */
type Sight = 'all' | 'past' | 'none'

/** Endless chunks of B parallel streams, each walking through a series with its state carried along. */
export class Streams {
  private readonly streams: Stream[]
  private readonly states: Float32Array
  private readonly buffers: OriginBuffers
  private readonly weightTotal: number
  /** Columns, the last ones of inputs and of features. */
  private readonly inputsOfCovariates: number
  private readonly featuresOfCovariates: number
  /** Chunks handed out. */
  private chunks = 0

  constructor(
    private readonly spec: NetworkSpec,
    index: TargetIndex,
    private readonly ranges: readonly TrainingRange[],
    private readonly sizes: Pick<TrainingConfig, 'streams' | 'chunk' | 'chunksPerUpdate'>,
    private readonly random: Random,
  ) {
    this.buffers = new OriginBuffers(spec, index)
    this.inputsOfCovariates = COVARIATE_INPUTS * (spec.covariates?.length ?? 0)
    this.featuresOfCovariates = COVARIATE_FEATURES * (spec.futureCovariates?.names.length ?? 0)
    this.weightTotal = ranges.reduce((sum, range) => sum + weightOf(range), 0)
    this.states = new Float32Array(sizes.streams * stateSize(spec))
    this.streams = Array.from({ length: sizes.streams }, () => this.fresh())
  }

  /** The next chunk of every stream. */
  next(): Batch {
    const { chunk: T, streams: B } = this.sizes
    const { inputs: I, targetFeatures: F } = this.spec
    const fresh = new Uint8Array(B)
    this.streams.forEach((stream, b) => {
      fresh[b] = stream.age === 0 ? 1 : 0
      if (!this.isOver(stream)) return
      fresh[b] = 1
      this.streams[b] = this.fresh()
      this.states.fill(0, b * stateSize(this.spec), (b + 1) * stateSize(this.spec))
    })
    const horizonSteps = this.drawHorizonSteps()
    const origins = this.drawOrigins()
    const N = origins.length * B
    const K = horizonSteps.length
    const batch: Batch = {
      steps: T,
      streams: B,
      inputs: new Float32Array(T * B * I),
      embedding: Int32Array.from(this.streams, (stream) => stream.embedding),
      states: this.states.slice(),
      fresh,
      origins,
      horizonSteps,
      features: new Float32Array(N * K * F),
      calendar: new Int32Array(N * K),
      targets: new Float32Array(N * K),
      mask: new Float32Array(N * K),
    }
    this.streams.forEach((stream, b) => {
      this.fillStream(batch, stream, b)
      stream.position += T
      stream.age += 1
    })
    this.chunks += 1
    return batch
  }

  /** At the end of its data, or where the next update would not lie in the run as a whole. */
  private isOver({ age, position, range }: Stream): boolean {
    const perUpdate = this.sizes.chunksPerUpdate
    const starts = this.chunks % perUpdate === 0
    if (starts && age + perUpdate > Math.max(CHUNKS_PER_RUN, perUpdate)) return true
    return position + SETTLING_STEPS >= range.end
  }

  /** Hands the states at the end of the chunk on to the next one. */
  carry(states: Float32Array): void {
    this.states.set(states)
  }

  private fillStream(batch: Batch, stream: Stream, b: number): void {
    const { inputs: I, targetFeatures: F } = this.spec
    const { series, end } = stream.range
    for (let t = 0; t < batch.steps; t++) {
      const step = stream.position + t
      if (step >= end) break
      const at = (t * batch.streams + b) * I
      batch.inputs.set(series.inputs.subarray(step * I, (step + 1) * I), at)
      if (stream.sight === 'none') batch.inputs.fill(0, at + I - this.inputsOfCovariates, at + I)
    }
    batch.origins.forEach((t, i) => {
      const step = stream.position + t
      if (step >= end - 1 || series.mask[step] === 0 || (stream.age === 0 && t < SETTLING_STEPS)) return
      this.buffers.fill(series, step, end)
      batch.horizonSteps.forEach((h, k) => {
        const at = (i * batch.streams + b) * batch.horizonSteps.length + k
        batch.features.set(this.buffers.features.subarray(h * F, (h + 1) * F), at * F)
        if (stream.sight !== 'all')
          batch.features.fill(0, (at + 1) * F - this.featuresOfCovariates, (at + 1) * F)
        batch.calendar[at] = this.buffers.calendar[h]!
        batch.targets[at] = this.buffers.target[h]!
        batch.mask[at] = this.buffers.mask[h]!
      })
    })
  }

  /** A random place in a random series, each step of the data being as likely as its weight says. */
  private fresh(): Stream {
    let ticket = this.random.uniform() * this.weightTotal
    const range = this.ranges.find((candidate) => (ticket -= weightOf(candidate)) < 0) ?? this.ranges[0]!
    const position = this.random.integer(Math.max(1, range.end - this.sizes.chunk))
    const embedding = this.random.uniform() < ANONYMOUS ? 0 : range.series.embedding
    return { range, position, age: 0, embedding, sight: this.drawSight() }
  }

  private drawSight(): Sight {
    if (this.inputsOfCovariates === 0) return 'all'
    const ticket = this.random.uniform()
    return ticket < BLIND ? 'none' : ticket < BLIND + SHORT_SIGHTED ? 'past' : 'all'
  }

  /** Steps of a chunk at equal distances, from a random one on. */
  private drawOrigins(): Int32Array {
    const { chunk } = this.sizes
    const stride = Math.min(chunk, this.spec.decoder === undefined ? ORIGIN_STRIDE : DECODER_STRIDE)
    const first = this.random.integer(stride)
    const count = Math.floor((chunk - 1 - first) / stride) + 1
    return Int32Array.from({ length: count }, (_, i) => first + i * stride)
  }

  private drawHorizonSteps(): Int32Array {
    const all = Int32Array.from({ length: this.spec.horizon }, (_, k) => k)
    if (this.spec.decoder !== undefined) return all // which gets to a step through all before it
    for (let i = 0; i < Math.min(LOSS_STEPS, all.length - 1); i++) {
      const j = i + this.random.integer(all.length - i)
      const other = all[j]!
      all[j] = all[i]!
      all[i] = other
    }
    return all.slice(0, LOSS_STEPS).sort()
  }
}

function weightOf({ end, weight = 1 }: TrainingRange): number {
  return end * weight
}
