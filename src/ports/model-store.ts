import type { NetworkSpec } from '../core/network-spec.js'
import type { Verdict } from '../core/verdict.js'
import type { TargetScores } from '../core/accuracy.js'

/** Scores of a network, the champion or the baseline on the same targets. Of symbols only the last three are numbers, the others NaN. */
export interface Scores {
  /** Mean absolute error of the median over the in-sample error of the seasonal naive forecast; no unit. */
  readonly mase: number
  /** Mean weighted quantile loss; no unit. */
  readonly wql: number
  /** Share of targets inside the outermost interval, 0–1. */
  readonly coverage: number
  /** Number of scored targets. */
  readonly targets: number
  /** Only of symbols: mean −log of the probability that the symbol which came had been given, nats. */
  readonly logLoss?: number
  /** Only of symbols: share of targets that had been given the highest probability, 0–1. */
  readonly accuracy?: number
}

/** What decides between two forecasters: the lower, the better. */
export function lossOf({ logLoss, wql }: Scores): number {
  return logLoss ?? wql
}

/** What gradients and activations of a network do, on one chunk of its training; of its worst layer. */
export interface GradientDynamics {
  /** Share of gate activations below 0.05 or above 0.95; of a vanilla cell's |h| above 0.95. `null` with ReLU. */
  readonly saturated: number | null
  /** Share of ReLU units that are 0 throughout. `null` without ReLU. */
  readonly dead: number | null
  /** [lag k, ‖∂h_t/∂s_{t−k}‖ / √hidden] */
  readonly flow: readonly (readonly [number, number])[]
  /** The lag at which `flow` falls below 0.01. `null`: not within a chunk. */
  readonly reach: number | null
}

/** How gradients fared over a training, and at its end. */
export interface GradientReport extends GradientDynamics {
  /** Global norm before clipping, over all updates. */
  readonly norm: { readonly median: number; readonly largest: number }
  /** Above this a gradient was scaled down to it. */
  readonly clipNorm: number
  /** What to change, where something is wrong. */
  readonly advice: readonly string[]
  /** Share of the training's time that measuring took. */
  readonly cost: number
}

export interface TrainingReport {
  readonly startedAt: string
  readonly seconds: number
  readonly backend: string
  readonly observations: number
  readonly series: number
  readonly updates: number
  /** Time stamps (ms) of the data trained on. */
  readonly from: number
  readonly to: number
  /** [update, training loss, gradient norm before clipping], thinned. */
  readonly curve: readonly (readonly [number, number, number])[]
  readonly clippedShare: number
  readonly validationLoss: number
  /** Absent in reports of older versions. */
  readonly gradients?: GradientReport
  /** Of the network and of the baseline on held-out data, by how far ahead; absent in older ones, and of symbols. */
  readonly horizons?: readonly HorizonScores[]
  /** What it started from; absent in older ones: random weights. */
  readonly start?: TrainingStart
  /** Observations the pipeline had taken when the training began; absent in older ones. */
  readonly seen?: number
}

/** Scores of forecasts so far ahead. */
export interface HorizonScores {
  /** Such as `2-6`. */
  readonly steps: string
  readonly network: TargetScores
  readonly baseline: TargetScores
}

export type TrainingStart = 'fresh' | 'champion'

/** An immutable version of a pipeline's network. */
export interface StoredModel {
  readonly pipeline: string
  /** 1, 2, 3 …; the published name is `cell@version`, such as `gru@3`. */
  readonly version: number
  readonly spec: NetworkSpec
  readonly weights: Float32Array
  readonly parent: number | null
  readonly report: TrainingReport
  /** On held-out data later than all it was trained on. */
  readonly scores: JudgedScores
  /** Of the gate; absent in older ones, and where a network has not been judged by it. */
  readonly verdict?: Verdict
  /** Of a version that came from a file: what it was where it was trained. */
  readonly origin?: { readonly pipeline: string; readonly version: number }
}

/** Of forecasters on the same held-out targets. */
export interface JudgedScores {
  readonly network: Scores
  readonly baseline: Scores
  /** Absent while the baseline forecast. */
  readonly champion?: Scores
  /** Of the network that was set aside for the baseline; absent where there is none. */
  readonly former?: Scores
}

/** What became of a training, or of a network in use, and by which figures. */
export interface Decision {
  /** ISO 8601, wall clock. */
  readonly at: string
  /** Why there was something to decide. */
  readonly reason: string
  /** `approved`: it may be promoted, by hand; `shadow`: it runs beside what publishes, until another decision. */
  readonly outcome: 'promoted' | 'approved' | 'shadow' | 'refused' | 'failed' | 'set-aside' | 'rolled-back'
  /** Version that was judged, set aside or gone back from; `null` where no network came of a training, or it was the baseline. */
  readonly version: number | null
  /** Why it was refused, failed or set aside; `null` otherwise. */
  readonly why: string | null
  readonly scores: JudgedScores | null
  readonly verdict: Verdict | null
  /** Of a network set aside: time of the stream (ms) since which it had been behind the baseline. */
  readonly since?: number
  /** Of a roll-back: the version that forecasts again, `null` the baseline. */
  readonly to?: number | null
  /** Of a roll-back: newest time stamp of the stream then, ms; absent where that was not known. */
  readonly newest?: number
}

/** Decisions that are kept of a pipeline. */
export const DECISIONS_KEPT = 50

export interface ModelStore {
  /** The latest decisions, newest last. */
  decisions(pipeline: string): readonly Decision[]
  /** Adds a decision; the oldest goes when there are more than `DECISIONS_KEPT`. Durable when resolved. */
  note(pipeline: string, decision: Decision): Promise<void>
  /** Without the weights; newest last. */
  list(pipeline: string): readonly Omit<StoredModel, 'weights'>[]
  get(pipeline: string, version: number): StoredModel | null
  /** Stores a new version and returns it with its number. Durable when resolved. */
  put(model: Omit<StoredModel, 'version'>): Promise<StoredModel>
  /** `null` while the baseline forecasts. */
  champion(pipeline: string): number | null
  /** What has forecast before and could again, oldest first: see `championsAfter`. */
  formerChampions(pipeline: string): readonly (number | null)[]
  setChampion(pipeline: string, version: number | null): Promise<void>
  /** Removes versions, weights and all; a number is never given again. The champion and the newest version cannot be removed. */
  remove(pipeline: string, versions: readonly number[]): Promise<void>
}

/** What other outcomes leave in use is what was. */
const STANDING: ReadonlySet<Decision['outcome']> = new Set(['promoted', 'set-aside', 'rolled-back'])

/** The decision by which that is in use which is. @param decisions newest last */
export function standing(decisions: readonly Decision[]): Decision | undefined {
  return decisions.findLast(({ outcome }) => STANDING.has(outcome))
}

/** Former champions that are kept of a pipeline. */
const MOST_FORMER = 20

/**
 * Former champions once `next` follows `present`. To go back to one of them undoes what came after it, so that another
 * step back leads further back.
 */
export function championsAfter(
  former: readonly (number | null)[],
  present: number | null,
  next: number | null,
): readonly (number | null)[] {
  if (next === present) return former
  const known = former.lastIndexOf(next)
  if (known >= 0) return former.slice(0, known)
  // The baseline forecasts where nothing else ever has: that is nothing to remember.
  return former.length === 0 && present === null ? [] : [...former, present].slice(-MOST_FORMER)
}

/** Throws a `RangeError` for a version that must not be removed. */
export function assertRemovable(
  versions: readonly number[],
  known: readonly number[],
  champion: number | null,
): void {
  for (const version of versions) {
    if (version === champion) throw new RangeError(`Version ${version} is the champion.`)
    if (version === known.at(-1)) throw new RangeError(`Version ${version} is the newest.`)
  }
}
