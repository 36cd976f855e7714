import type { NetworkSpec } from '../core/network-spec.js'

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
}

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
  readonly scores: { readonly network: Scores; readonly baseline: Scores }
}

export interface ModelStore {
  /** Without the weights; newest last. */
  list(pipeline: string): readonly Omit<StoredModel, 'weights'>[]
  get(pipeline: string, version: number): StoredModel | null
  /** Stores a new version and returns it with its number. Durable when resolved. */
  put(model: Omit<StoredModel, 'version'>): Promise<StoredModel>
  /** `null` while the baseline forecasts. */
  champion(pipeline: string): number | null
  setChampion(pipeline: string, version: number | null): Promise<void>
}
