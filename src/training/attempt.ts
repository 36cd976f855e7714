import type { NetworkSpec } from '../core/network-spec.js'
import type { TargetIndex } from '../core/target-index.js'
import { Network } from '../model/network.js'
import type { TrainingStart } from '../ports/model-store.js'
import { Checkpoints, type Checkpoint } from './checkpoints.js'
import type { TrainingRange } from './dataset.js'
import type { EncodedSeries } from './encode-history.js'
import { fit, type FitOptions } from './fit.js'
import type { ProgressMeter } from './progress.js'
import type { SplitSeries } from './split.js'
import type { TrainingOptions } from './train.js'
import { Validation } from './validation.js'

/** Updates between two looks at the validation loss. */
export const VALIDATE_EVERY = 20
/** A network that goes on from the champion learns so much more slowly, and so much shorter. */
const GENTLE_RATE = 0.1
const GENTLE_SHARE = 0.2
/** Of the time allowed, what must not be planned away. */
const RESERVE = 0.2
/** A refit on everything, and judging, take about as long again as the attempt they follow. */
const WITH_REFIT = 2.5

export interface AttemptOptions extends Pick<
  TrainingOptions,
  'tf' | 'fused' | 'model' | 'training' | 'champion' | 'signal'
> {
  readonly target: TargetIndex
  /** Series in it are encoded without a row of an embedding: which one they have is the network's to say. */
  readonly data: {
    readonly split: readonly SplitSeries[]
    readonly known: readonly TrainingRange[]
    readonly everything: readonly TrainingRange[]
  }
  readonly meter: ProgressMeter
  /** Updates of a refit on everything after so many on what is known. */
  readonly refitOf: (updates: number) => number
}

export interface Attempt extends Checkpoint {
  readonly start: TrainingStart
  readonly spec: NetworkSpec
}

/** Trains from the champion's weights, from random ones, or both while there is time, and takes the lower validation loss. */
export async function bestAttempt(
  options: AttemptOptions,
  fresh: NetworkSpec,
  updates: number,
): Promise<Attempt> {
  const { champion = null, training, meter, refitOf } = options
  const gentle = Math.max(VALIDATE_EVERY, Math.round(updates * GENTLE_SHARE))
  const wanted = champion === null ? 'fresh' : training.start
  let best: Attempt | null = null
  if (champion !== null && wanted !== 'fresh') {
    // What most likely follows is counted in, so that progress does not go backwards.
    meter.extend(gentle + (wanted === 'champion' ? refitOf(gentle) : updates + refitOf(updates)))
    best = await attempt(options, 'champion', champion.spec, gentle)
    const needed = meter.secondsPerUpdate() * updates * WITH_REFIT
    const left = (training.maxDuration / 1000) * (1 - RESERVE) - meter.seconds()
    if (wanted === 'champion' || needed > left) return best
  }
  meter.extend(updates + refitOf(updates))
  const other = await attempt(options, 'fresh', fresh, updates)
  return best === null || other.loss < best.loss ? other : best
}

/** The network of an attempt, trained in the same way on everything. */
export function refit(
  options: AttemptOptions,
  { start, spec }: Attempt,
  updates: number,
): Promise<Float32Array> {
  return fit(fitting(options, start, spec, updates, options.data.everything))
}

/** Trains, and goes back to the minimum of the validation loss where the end lies well above it. */
async function attempt(
  options: AttemptOptions,
  start: TrainingStart,
  spec: NetworkSpec,
  updates: number,
): Promise<Attempt> {
  const { tf, fused, target, data } = options
  const later = data.split.filter((one) => one.validation > one.training)
  const row = embeddingRow(spec)
  const validation = new Validation(
    spec,
    target,
    later.map((one) => ({ series: row(one.series), from: one.training, end: one.validation })),
  )
  const checkpoints = new Checkpoints()
  const plain = fitting(options, start, spec, updates, data.known)
  await fit({
    ...plain,
    onUpdate(update, average, ...progress) {
      plain.onUpdate(update, average, ...progress)
      if (update % VALIDATE_EVERY !== 0 && update !== updates) return
      const network = new Network(tf, withFewestPaths(spec), average, { fused })
      checkpoints.add({ update, loss: validation.loss(network), weights: average.slice() })
      network.dispose()
    },
  })
  return { ...checkpoints.chosen(), start, spec }
}

function fitting(
  options: AttemptOptions,
  start: TrainingStart,
  spec: NetworkSpec,
  updates: number,
  ranges: readonly TrainingRange[],
): FitOptions {
  const { champion = null, meter, training } = options
  const row = embeddingRow(spec)
  const gentle = start === 'champion' && champion !== null
  return {
    ...options,
    spec,
    updates,
    ranges: ranges.map((range) => ({ ...range, series: row(range.series) })),
    dropout: options.model.dropout ?? 0,
    training: gentle ? { ...training, learningRate: training.learningRate * GENTLE_RATE } : training,
    ...(gentle ? { initial: champion.weights } : {}),
    onDynamics: (dynamics, seconds) => {
      meter.measured(dynamics, seconds)
    },
    onUpdate: (_update, _average, loss, norm) => {
      meter.add(loss, norm)
    },
  }
}

function embeddingRow(spec: NetworkSpec): (series: EncodedSeries) => EncodedSeries {
  const rows = new Map(spec.series.map((series, i) => [series, i + 1]))
  return (series) => ({ ...series, embedding: rows.get(series.series) ?? 0 })
}

/** Enough to compare a network with itself, at a fraction of the time. */
const VALIDATION_PATHS = 20

function withFewestPaths(spec: NetworkSpec): NetworkSpec {
  const { decoder } = spec
  if (decoder === undefined || decoder.samples === 0) return spec
  return { ...spec, decoder: { ...decoder, samples: VALIDATION_PATHS } }
}
