import type { NetworkSpec } from '../core/network-spec.js'
import { clipByGlobalNorm } from '../model/clipping.js'
import type { TensorFlow } from '../model/tensorflow.js'
import type { Streams } from './dataset.js'
import { TrainingError } from './error.js'
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
  readonly start: Float32Array
  readonly streams: Streams
  readonly updates: number
  readonly learningRate: number
  readonly weightDecay: number
  readonly clipNorm: number
  readonly signal: AbortSignal
  /** After each update, with the averaged weights (to be copied where they are kept). */
  readonly onUpdate: (update: number, average: Float32Array, loss: number, norm: number) => void
}

/** The training loop: truncated back-propagation through time over endless streams. Returns the averaged weights. */
export async function fit(options: FitOptions): Promise<Float32Array> {
  const { tf, fused, spec, streams } = options
  const weights = options.start.slice()
  const optimizer = new AdamW(weights, options.weightDecay, AVERAGING)
  for (let update = 1; update <= options.updates; update++) {
    const { loss, gradient, states } = chunkGradient(tf, fused, spec, weights, streams.next())
    const norm = clipByGlobalNorm(gradient, options.clipNorm)
    if (!Number.isFinite(loss) || !Number.isFinite(norm)) {
      throw new TrainingError(
        'nan-loss',
        `loss ${loss}, gradient norm ${norm} at update ${update}: check limits`,
      )
    }
    optimizer.update(gradient, options.learningRate * Math.min(1, update / WARM_UP))
    streams.carry(states) // as values: the gradient does not cross the cut
    options.onUpdate(update, optimizer.average, loss, norm)
    await new Promise<void>((resolve) => setImmediate(resolve)) // let an abort in
    if (options.signal.aborted) throw new TrainingError('aborted', 'the training was aborted')
  }
  return optimizer.average.slice()
}
