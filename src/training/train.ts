import type { TrainingConfig } from '../config/types.js'
import { TargetIndex } from '../core/target-index.js'
import type { SeriesHistory } from '../core/history.js'
import { StateLayout, type SeriesShape } from '../core/layout.js'
import type { NetworkSpec } from '../core/network-spec.js'
import { Random } from '../model/random.js'
import type { TensorFlow } from '../model/tensorflow.js'
import { systemClock } from '../ports/clock.js'
import type { Verdict } from '../core/verdict.js'
import type { JudgedScores, TrainingReport } from '../ports/model-store.js'
import { gradientAdvice } from './advice.js'
import { bestAttempt, refit } from './attempt.js'
import { usableRanges, type TrainingRange } from './dataset.js'
import { disturbedRanges } from './disturbed.js'
import { encodeHistory } from './encode-history.js'
import { TrainingError } from './error.js'
import { filledRanges, learnTrainingGaps, type KnownSeries } from './imputation/training-gaps.js'
import { networkSpec, type ModelChoice } from './network-spec.js'
import { judgeCandidate } from './judging.js'
import { leastJudged } from './least-new.js'
import { ProgressMeter, type TrainingProgress } from './progress.js'
import { sampleSeries } from './sample.js'
import { sharesSince, splitByTime } from './split.js'

/** Bounds of the number of updates chosen from the amount of data. */
const FEWEST_UPDATES = 100
const MOST_UPDATES = 500
/** Passes over the data that are aimed at. */
const PASSES = 50

export type { TrainingProgress }

export interface ChampionNetwork {
  readonly spec: NetworkSpec
  readonly weights: Float32Array
  /** Newest time stamp (ms) it was trained on. */
  readonly trainedTo: number
  /** It was set aside for the baseline, which forecasts. */
  readonly setAside?: boolean
}

export interface TrainingOptions {
  readonly tf: TensorFlow
  readonly fused: boolean
  readonly histories: readonly SeriesHistory[]
  readonly shape: SeriesShape
  readonly model: ModelChoice
  readonly training: TrainingConfig
  readonly calibration?: { readonly enabled: boolean; readonly rate: number }
  /** The network in office, or the one that was set aside; absent where there is none. */
  readonly champion?: ChampionNetwork | null
  /** ms; what is judged by is later. Default: what the champion has been trained on. */
  readonly since?: number
  readonly onProgress: (progress: TrainingProgress) => void
  readonly signal: AbortSignal
}

export interface TrainingResult {
  readonly spec: NetworkSpec
  readonly weights: Float32Array
  readonly report: TrainingReport
  /** Of the network trained without the holdout, and of the others on the same targets; as they would be published. */
  readonly scores: JudgedScores
  /** Absent where the kind of network has no gate of its own yet. */
  readonly verdict?: Verdict
  /** Beside the baseline, the network that was set aside; only where it, and not the candidate, may take over. */
  readonly former?: FormerChampion
}

/** A network that was set aside and does better than the baseline again, by more than noise. */
export interface FormerChampion {
  readonly scores: JudgedScores
  readonly verdict: Verdict
}

/**
 * Trains on the oldest part of the data, stops where the next part says, is judged on the newest; then the network that
 * is handed back is trained anew on everything, for as many passes as were found good. Measured on five data sets, that
 * lowers the loss on still later data by 9 % (a year of flights) to 1 %, and never raised it beyond noise; the scores
 * remain those of the network that has not seen the holdout.
 *
 * With a champion, what is judged by is later than all it has seen, and of networks trained from its weights and from
 * random ones that with the lower validation loss is the candidate. One that is refused is handed back as it was judged.
 */
export async function trainNetwork(options: TrainingOptions): Promise<TrainingResult> {
  const { training, shape, champion = null } = options
  const startedAt = systemClock.now()
  const histories = sampleSeries(options.histories, new Random(training.seed))
  const layout = new StateLayout(shape)
  const fresh = networkSpec(histories, shape, options.model)
  const series = histories.flatMap((one) => encodeHistory(layout, one, 0) ?? [])
  if (series.length === 0) throw new TrainingError('too-little-data', 'no series has a single value')
  const since = options.since ?? champion?.trainedTo
  const least = leastJudged(training, shape)
  const shares = since === undefined ? training : sharesSince(series, since, least, training)
  const split = splitByTime(series, shares.validation, shares.holdout)
  const known = usableRanges(split.map((one) => ({ series: one.series, end: one.training })))
  const everything = usableRanges(series.map((one) => ({ series: one, end: one.length })))
  const updates = chooseUpdates(stepsOf(known), training)
  const filled = await gapFiller(options, fresh, layout, histories, known)
  const changed = disturbedRanges(layout, histories, training.disturbed, new Random(training.seed))
  const data = {
    split,
    known: [...known, ...filled(known), ...changed(known)],
    everything: [...everything, ...filled(everything), ...changed(everything)],
  }

  const refitOf = (updates: number): number => moreData(updates, stepsOf(known), stepsOf(everything))
  const meter = new ProgressMeter(training.clipNorm, options.onProgress)
  const attempts = { ...options, target: new TargetIndex(layout), data, meter, refitOf }
  const chosen = await bestAttempt(attempts, fresh, updates)
  const judged = { ...options, histories, split }
  const { scores, verdict, horizons, former } = judgeCandidate(judged, chosen.spec, chosen.weights)
  let { weights, update } = chosen
  if (verdict.promote || champion === null) {
    update = refitOf(update)
    meter.extend(update)
    weights = await refit(attempts, chosen, update)
  }

  const gradients = meter.gradients()
  const advice =
    gradients === null ? [] : gradientAdvice(gradients, meter.clippedShare(), chosen.spec, training.chunk)
  const report: TrainingReport = {
    startedAt: new Date(startedAt).toISOString(),
    seconds: (systemClock.now() - startedAt) / 1000,
    backend: options.tf.getBackend(),
    observations: series.reduce((sum, one) => sum + one.mask.reduce((a, b) => a + b, 0), 0),
    series: series.length,
    updates: update,
    from: series.reduce((least, one) => Math.min(least, one.ts[0]!), Infinity),
    to: series.reduce((most, one) => Math.max(most, one.ts.at(-1)!), -Infinity),
    curve: meter.curve(),
    clippedShare: meter.clippedShare(),
    validationLoss: chosen.loss,
    start: chosen.start,
    horizons,
    ...(gradients === null ? {} : { gradients: { ...gradients, advice } }),
  }
  return { spec: chosen.spec, weights, report, scores, verdict, ...(former === null ? {} : { former }) }
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
