import type { TrainingConfig } from '../config/types.js'
import type { TargetIndex } from '../core/target-index.js'
import type { NetworkSpec } from '../core/network-spec.js'
import { clipByGlobalNorm } from '../model/clipping.js'
import { initialWeights } from '../model/initial-weights.js'
import { Random } from '../model/random.js'
import type { TensorFlow } from '../model/tensorflow.js'
import type { GradientDynamics } from '../ports/model-store.js'
import { drawsSteps, Streams, type Batch, type TrainingRange } from './dataset.js'
import { measureDynamics } from './dynamics.js'
import { TrainingError } from './error.js'
import { drawFeedback, lastOwnShare, ownShare } from './feedback.js'
import type { ChunkOptions } from './gradient.js'
import { AdamW } from './optimizer.js'
import { updateGradient, type UpdateGradient } from './update-gradient.js'

/** Weights used are an average over about the last 200 updates, and over the last ninth of them while these are fewer. */
const AVERAGING = 0.995
/** Updates over which the learning rate rises to its value. */
const WARM_UP = 30
/** Updates between two looks at what gradients and activations do: each costs about half an update. */
const MEASURE_EVERY = 50

export interface FitOptions {
  readonly tf: TensorFlow
  readonly fused: boolean
  readonly spec: NetworkSpec
  readonly target: TargetIndex
  readonly ranges: readonly TrainingRange[]
  readonly updates: number
  readonly training: TrainingConfig
  /** Share of what passes between layers that is zeroed; 0 = none. */
  readonly dropout: number
  readonly signal: AbortSignal
  /** Now and then, and after the last update; before its `onUpdate`. With the seconds that it took. */
  readonly onDynamics: (dynamics: GradientDynamics, seconds: number) => void
  /** Absent: random ones. */
  readonly initial?: Float32Array
  /** After each update, with the averaged weights (to be copied where they are kept). */
  readonly onUpdate: (update: number, average: Float32Array, loss: number, norm: number) => void
}

/** Truncated back-propagation through time over endless streams. Returns the averaged weights. */
export async function fit(options: FitOptions): Promise<Float32Array> {
  const { tf, fused, spec, training } = options
  const { seed, chunksPerUpdate } = training
  const streams = new Streams(spec, options.target, options.ranges, training, new Random(seed))
  const unrolling = new Unrolling(options)
  const first = options.initial?.slice() ?? initialWeights(spec, seed)
  return descend({ ...options, waits: drawsSteps(spec) }, first, (weights, update) => {
    const found = updateGradient(tf, fused, spec, weights, streams, chunksPerUpdate, (batch, chunk) =>
      unrolling.of(batch, update, chunk),
    )
    if (update % MEASURE_EVERY === 0 || update === options.updates) unrolling.measure(weights, update)
    return found
  })
}

/**
 * The training loop. Returns the averaged weights.
 * @param weights the first ones; changed in place
 */
export async function descend(
  options: Pick<FitOptions, 'training' | 'updates' | 'onUpdate' | 'signal'> & { readonly waits?: boolean },
  weights: Float32Array,
  gradientAt: (weights: Float32Array, update: number) => UpdateGradient,
): Promise<Float32Array> {
  const { learningRate, clipNorm, weightDecay } = options.training
  const optimizer = new AdamW(weights, weightDecay, AVERAGING, options.waits)
  for (let update = 1; update <= options.updates; update++) {
    const { loss, gradient } = gradientAt(weights, update)
    const norm = clipByGlobalNorm(gradient, clipNorm)
    if (!Number.isFinite(loss) || !Number.isFinite(norm)) {
      const at = `loss ${loss}, gradient norm ${norm} at update ${update}`
      throw new TrainingError('nan-loss', `${at}: check limits`)
    }
    optimizer.update(gradient, learningRate * Math.min(1, update / WARM_UP))
    options.onUpdate(update, optimizer.average, loss, norm)
    await new Promise<void>((resolve) => setImmediate(resolve)) // let an abort in
    if (options.signal.aborted) throw new TrainingError('aborted', 'the training was aborted')
  }
  return optimizer.average
}

/** What the chunks of a training are unrolled with: dropout, and what a decoder is fed with. */
class Unrolling {
  private readonly coins: Random
  private latest: Batch | undefined

  constructor(private readonly options: FitOptions) {
    this.coins = new Random(options.training.seed + 1)
  }

  /** On the latest chunk; draws random numbers of its own, so that a training is the same without. */
  measure(weights: Float32Array, update: number): void {
    const { tf, fused, spec, training, onDynamics } = this.options
    const started = performance.now()
    const random = new Random(training.seed + update)
    const dynamics = measureDynamics(tf, fused, spec, weights, this.latest!, random)
    onDynamics(dynamics, (performance.now() - started) / 1000)
  }

  of(batch: Batch, update: number, chunk: number): ChunkOptions {
    this.latest = batch
    const { spec, training, updates, dropout: rate } = this.options
    const dropout = rate > 0 ? { rate, seed: `${training.seed}/${update}/${chunk}` } : null
    if (spec.decoder === undefined) return { dropout, feedback: null }
    const own = ownShare(update, updates, training.scheduledSampling ?? lastOwnShare(spec))
    return { dropout, feedback: drawFeedback(spec, batch, own, this.coins) }
  }
}
