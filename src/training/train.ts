import type { TrainingConfig } from '../config/types.js'
import { TargetIndex } from '../core/features.js'
import type { SeriesHistory } from '../core/history.js'
import { StateLayout, type SeriesShape } from '../core/layout.js'
import type { NetworkSpec } from '../core/network-spec.js'
import { Network } from '../model/network.js'
import { Random } from '../model/random.js'
import type { TensorFlow } from '../model/tensorflow.js'
import { systemClock } from '../ports/clock.js'
import type { Scores, TrainingReport } from '../ports/model-store.js'
import { gradientAdvice } from './advice.js'
import { Checkpoints, type Checkpoint } from './checkpoints.js'
import { usableRanges, type TrainingRange } from './dataset.js'
import { encodeHistory } from './encode-history.js'
import { TrainingError } from './error.js'
import { evaluate } from './evaluate.js'
import { fit, type FitOptions } from './fit.js'
import { filledRanges, learnTrainingGaps, type KnownSeries } from './imputation/training-gaps.js'
import { networkSpec, type ModelChoice } from './network-spec.js'
import { ProgressMeter, type TrainingProgress } from './progress.js'
import { sampleSeries } from './sample.js'
import { splitByTime, type SplitSeries } from './split.js'
import { Validation } from './validation.js'

/** Updates between two looks at the validation loss. */
export const VALIDATE_EVERY = 20
/** Bounds of the number of updates chosen from the amount of data. */
const FEWEST_UPDATES = 100
const MOST_UPDATES = 500
/** Passes over the data that are aimed at. */
const PASSES = 50
/** Series whose holdout is scored; more of them would say the same. */
const MOST_JUDGED = 256

export type { TrainingProgress }

export interface TrainingOptions {
  readonly tf: TensorFlow
  readonly fused: boolean
  readonly histories: readonly SeriesHistory[]
  readonly shape: SeriesShape
  readonly model: ModelChoice
  readonly training: TrainingConfig
  readonly onProgress: (progress: TrainingProgress) => void
  readonly signal: AbortSignal
}

export interface TrainingResult {
  readonly spec: NetworkSpec
  readonly weights: Float32Array
  readonly report: TrainingReport
  /** Of the network trained without the holdout, uncalibrated, and of the baseline, on the same targets. */
  readonly scores: { readonly network: Scores; readonly baseline: Scores }
}

/**
 * Trains on the oldest part of the data, stops where the next part says, is judged on the newest; then the network that
 * is handed back is trained anew on everything, for as many passes as were found good. Measured on five data sets, that
 * lowers the loss on still later data by 9 % (a year of flights) to 1 %, and never raised it beyond noise; the scores
 * remain those of the network that has not seen the holdout.
 */
export async function trainNetwork(options: TrainingOptions): Promise<TrainingResult> {
  const { training, shape } = options
  const startedAt = systemClock.now()
  const histories = sampleSeries(options.histories, new Random(training.seed))
  const layout = new StateLayout(shape)
  const spec = networkSpec(histories, shape, options.model)
  const rows = new Map(spec.series.map((series, i) => [series, i + 1]))
  const series = histories.flatMap((one) => encodeHistory(layout, one, rows.get(one.series) ?? 0) ?? [])
  if (series.length === 0) throw new TrainingError('too-little-data', 'no series has a single value')
  const split = splitByTime(series, training.validation, training.holdout)
  const target = new TargetIndex(layout)
  const known = usableRanges(split.map((one) => ({ series: one.series, end: one.training })))
  const updates = chooseUpdates(stepsOf(known), training)
  const filled = await gapFiller(options, spec, layout, histories, known)
  const meter = new ProgressMeter(updates, training.clipNorm, options.onProgress)

  const fitting: Omit<FitOptions, 'ranges' | 'updates'> = {
    ...options,
    spec,
    target,
    dropout: options.model.dropout ?? 0,
    onDynamics: (dynamics, seconds) => {
      meter.measured(dynamics, seconds)
    },
    onUpdate: (_update, _average, loss, norm) => {
      meter.add(loss, norm)
    },
  }
  const candidate = await fitAndStop({ ...fitting, ranges: [...known, ...filled(known)], updates }, split)
  const scores = judge(options, spec, candidate.weights, histories, split)
  const everything = usableRanges(series.map((one) => ({ series: one, end: one.length })))
  const finalUpdates = moreData(candidate.update, stepsOf(known), stepsOf(everything))
  meter.extend(finalUpdates)
  const ranges = [...everything, ...filled(everything)]
  const weights = await fit({ ...fitting, ranges, updates: finalUpdates })

  const gradients = meter.gradients()
  const advice =
    gradients === null ? [] : gradientAdvice(gradients, meter.clippedShare(), spec, training.chunk)
  const report: TrainingReport = {
    startedAt: new Date(startedAt).toISOString(),
    seconds: (systemClock.now() - startedAt) / 1000,
    backend: options.tf.getBackend(),
    observations: series.reduce((sum, one) => sum + one.mask.reduce((a, b) => a + b, 0), 0),
    series: series.length,
    updates: finalUpdates,
    from: series.reduce((least, one) => Math.min(least, one.ts[0]!), Infinity),
    to: series.reduce((most, one) => Math.max(most, one.ts.at(-1)!), -Infinity),
    curve: meter.curve(),
    clippedShare: meter.clippedShare(),
    validationLoss: candidate.loss,
    ...(gradients === null ? {} : { gradients: { ...gradients, advice } }),
  }
  return { spec, weights, report, scores }
}

/**
 * What of the same ranges is trained on besides: with imputation, each with its gaps filled. Half of the streams then see
 * gaps as they are, as all forecasts will; what is validated, judged or forecast is never filled.
 */
async function gapFiller(
  options: TrainingOptions,
  spec: NetworkSpec,
  layout: StateLayout,
  histories: readonly SeriesHistory[],
  training: readonly TrainingRange[],
): Promise<(ranges: readonly TrainingRange[]) => readonly TrainingRange[]> {
  if (options.training.imputation === 'none') return () => []
  const byName = new Map(histories.map((history) => [history.series, history]))
  const known = (ranges: readonly TrainingRange[]): readonly KnownSeries[] =>
    ranges.map(({ series, end }) => ({ history: byName.get(series.series)!, encoded: series, end }))
  const { tf, fused, signal } = options
  const { cell, activation } = spec
  const kind = { cell, ...(activation === undefined ? {} : { activation }) }
  const learning = { tf, fused, signal, layout, seed: options.training.seed, ...kind }
  const imputer = await learnTrainingGaps(learning, known(training))
  return (ranges) => (imputer === null ? [] : filledRanges(learning, imputer, known(ranges)))
}

function stepsOf(ranges: readonly TrainingRange[]): number {
  return ranges.reduce((sum, range) => sum + range.end, 0)
}

/** Updates for as many passes over more data. */
export function moreData(updates: number, steps: number, more: number): number {
  return Math.max(updates, Math.min(MOST_UPDATES, Math.round((updates * more) / steps)))
}

/** 50 passes over the data, within bounds, unless configured. */
export function chooseUpdates(steps: number, training: TrainingConfig): number {
  if (steps < training.chunk) {
    throw new TrainingError('too-little-data', `${steps} steps to train on, one chunk is ${training.chunk}`)
  }
  if (training.updates > 0) return training.updates
  const { streams, chunk, chunksPerUpdate } = training
  const updates = Math.round((PASSES * steps) / (streams * chunk * chunksPerUpdate))
  return Math.max(FEWEST_UPDATES, Math.min(MOST_UPDATES, updates))
}

/** Enough to compare a network with itself, at a fraction of the time. */
const VALIDATION_PATHS = 20

function withFewestPaths(spec: NetworkSpec): NetworkSpec {
  const { decoder } = spec
  if (decoder === undefined || decoder.samples === 0) return spec
  return { ...spec, decoder: { ...decoder, samples: VALIDATION_PATHS } }
}

/** Trains, and goes back to the minimum of the validation loss where the end lies well above it. */
async function fitAndStop(options: FitOptions, split: readonly SplitSeries[]): Promise<Checkpoint> {
  const { tf, fused, spec, target, updates, onUpdate } = options
  const later = split.filter((one) => one.validation > one.training)
  const validation = new Validation(
    spec,
    target,
    later.map((one) => ({ series: one.series, from: one.training, end: one.validation })),
  )
  const checkpoints = new Checkpoints()
  await fit({
    ...options,
    onUpdate(update, average, ...progress) {
      onUpdate(update, average, ...progress)
      if (update % VALIDATE_EVERY !== 0 && update !== updates) return
      const network = new Network(tf, withFewestPaths(spec), average, { fused })
      checkpoints.add({ update, loss: validation.loss(network), weights: average.slice() })
      network.dispose()
    },
  })
  return checkpoints.chosen()
}

/** Scores on the holdout, which the candidate has never seen. */
function judge(
  options: TrainingOptions,
  spec: NetworkSpec,
  weights: Float32Array,
  histories: readonly SeriesHistory[],
  split: readonly SplitSeries[],
): TrainingResult['scores'] {
  const { tf, fused, shape } = options
  const bySeries = new Map(split.map((one) => [one.series.series, one]))
  const known = histories.filter((one) => bySeries.has(one.series))
  const every = Math.ceil(known.length / MOST_JUDGED)
  const judged = known.filter((_, i) => i % every === 0)
  const from = judged.map((one) => {
    const part = bySeries.get(one.series)!
    return one.values.length - part.series.length + part.validation
  })
  const network = new Network(tf, spec, weights, { fused })
  try {
    const warmUp = 2 * Math.max(shape.season.long, 100)
    return evaluate({ network, histories: judged, shape, from, warmUp })
  } finally {
    network.dispose()
  }
}
