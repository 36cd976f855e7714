import type { TrainingConfig } from '../config/types.js'
import type { TargetIndex } from '../core/features.js'
import type { NetworkSpec } from '../core/network-spec.js'
import { clipByGlobalNorm } from '../model/clipping.js'
import { initialWeights } from '../model/initial-weights.js'
import { Random } from '../model/random.js'
import type { TensorFlow } from '../model/tensorflow.js'
import { Streams, type TrainingRange } from './dataset.js'
import { TrainingError } from './error.js'
import { drawFeedback, lastOwnShare, ownShare } from './feedback.js'
import { chunkGradient } from './gradient.js'
import { AdamW } from './optimizer.js'

/** Weights used are an average over about the last 200 updates. */
const AVERAGING = 0.995
/** Updates over which the learning rate rises to its value. */
const WARM_UP = 30

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
  /** After each update, with the averaged weights (to be copied where they are kept). */
  readonly onUpdate: (update: number, average: Float32Array, loss: number, norm: number) => void
}

/** The training loop: truncated back-propagation through time over endless streams. Returns the averaged weights. */
export async function fit(options: FitOptions): Promise<Float32Array> {
  const { tf, fused, spec, training, updates } = options
  const { seed, learningRate, weightDecay, clipNorm } = training
  const scheduled = training.scheduledSampling ?? lastOwnShare(spec)
  const coins = new Random(seed + 1)
  const streams = new Streams(spec, options.target, options.ranges, training, new Random(seed))
  const weights = initialWeights(spec, seed)
  const optimizer = new AdamW(weights, weightDecay, AVERAGING)
  for (let update = 1; update <= updates; update++) {
    const dropout = options.dropout > 0 ? { rate: options.dropout, seed: `${seed}/${update}` } : null
    const batch = streams.next()
    const own = ownShare(update, updates, scheduled)
    const feedback = spec.decoder === undefined ? null : drawFeedback(spec, batch, own, coins)
    const chunk = chunkGradient(tf, fused, spec, weights, batch, { dropout, feedback })
    const { loss, gradient, states } = chunk
    const norm = clipByGlobalNorm(gradient, clipNorm)
    if (!Number.isFinite(loss) || !Number.isFinite(norm)) {
      const at = `loss ${loss}, gradient norm ${norm} at update ${update}`
      throw new TrainingError('nan-loss', `${at}: check limits`)
    }
    optimizer.update(gradient, learningRate * Math.min(1, update / WARM_UP))
    streams.carry(states) // as values: the gradient does not cross the cut
    options.onUpdate(update, optimizer.average, loss, norm)
    await new Promise<void>((resolve) => setImmediate(resolve)) // let an abort in
    if (options.signal.aborted) throw new TrainingError('aborted', 'the training was aborted')
  }
  return optimizer.average
}
