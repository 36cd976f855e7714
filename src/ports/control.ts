import type { ValueKind } from '../core/network-spec.js'

/** What the daemon lets the outside see and do: the HTTP adapter's and the terminal's only view of it. */
export interface Control {
  /** Liveness: false when a loop is stuck. */
  alive(): boolean
  /** `null` when ready, else why not yet, in words. Ready means: every pipeline owns its partitions and forecasts. */
  notReady(): string | null
  pipelines(): readonly PipelineStatus[]
  /** `undefined`: no such pipeline; `null`: no such series or no forecast yet. The contract's forecast record, as JSON text. */
  latestForecast(pipeline: string, series: string): Promise<string | null | undefined>
  /**
   * Draws what a series may go on with, and changes nothing. `undefined`: no such pipeline; `'numbers'`: its values are
   * no symbols; `null`: no such series.
   */
  sample(
    pipeline: string,
    series: string,
    request: SampleRequest,
  ): Promise<Continuation | 'numbers' | null | undefined>
  /** Appends records to a topic, in the encoding of its pipeline. Whatever is not `appended` appends nothing. */
  ingest(topic: string, records: readonly IngestRecord[]): Promise<IngestOutcome>
}

/** Symbols of a continuation, at most. */
export const MOST_SAMPLED = 1000

export interface SampleRequest {
  /** Symbols to draw, 1 … `MOST_SAMPLED`. */
  readonly length: number
  /** Each is drawn from softmax(log p / temperature), above 0; 1: as forecast. */
  readonly temperature: number
  /** The same seed from the same state draws the same symbols. */
  readonly seed: number
}

export interface Continuation {
  readonly pipeline: string
  readonly series: string
  /** Time stamp of the last observation before it, ISO 8601. */
  readonly origin: string
  /** `name@version`, `baseline` included. */
  readonly model: string
  readonly temperature: number
  readonly seed: number
  readonly symbols: readonly string[]
}

export interface IngestRecord {
  readonly key: string
  /** Re-serialised JSON of the record's value. */
  readonly value: string
  /** The record's time stamp in the log, ms; default the present. */
  readonly timestamp?: number
}

export type IngestOutcome =
  /** All but those, which the topic's schema does not hold: places in the list, from 0. */
  | {
      readonly kind: 'appended'
      readonly unfit: readonly { readonly index: number; readonly reason: string }[]
    }
  /** The topic's schema is not to be had, in words. */
  | { readonly kind: 'no-schema'; readonly reason: string }
  | { readonly kind: 'unknown-topic' }
  /** Too many records wait to be consumed; try again after so many seconds. */
  | { readonly kind: 'busy'; readonly retryAfterSeconds: number }

export interface PipelineStatus {
  readonly name: string
  readonly topic: string
  readonly output: string
  readonly form: PipelineForm
  /** `name@version`, `baseline` included. */
  readonly model: string
  readonly phase: 'starting' | 'restoring' | 'running' | 'paused' | 'failed'
  readonly training: string
  readonly records: number
  readonly recordsPerSecond: number
  readonly lag: number
  readonly series: number
  readonly rejected: number
  readonly stale: StaleSeries
  readonly accuracy: LiveAccuracy | null
}

/** Resident series that others of their partition have gone on without: see `stale.after`. */
export interface StaleSeries {
  readonly count: number
  /** The one that has been so for longest, and the time stamp of its last observation, ms. */
  readonly longest: { readonly series: string; readonly lastAt: number } | null
}

/** What its forecasts are of. */
export interface PipelineForm {
  readonly kind: ValueKind
  /** ISO 8601 duration of a grid step, or `observations`. */
  readonly interval: string
  /** Steps. */
  readonly season: { readonly short: number; readonly long: number }
  readonly horizon: number
  /** Ascending; the outermost two bound the interval whose coverage is watched. */
  readonly quantiles: readonly number[]
}

/** Rolling scores of what the model in use has published since it took over, and of the baseline on the same targets. */
export interface LiveAccuracy {
  /** Of so many targets; an old one counts less. */
  readonly targets: number
  readonly network: LiveScores
  readonly baseline: LiveScores
  /** By horizon, such as steps `2-6`, ascending; those of which something could be scored. */
  readonly horizons: readonly {
    readonly steps: string
    readonly network: LiveScores
    readonly baseline: LiveScores
  }[]
}

/** `null` until something could be scored; of symbols all but the last two are. */
export interface LiveScores {
  /** Mean absolute error of the median over the in-sample error of the seasonal naive forecast. */
  readonly mase: number | null
  /** Symmetric mean absolute percentage error of the median, 0–2. */
  readonly smape: number | null
  /** Weighted quantile loss. */
  readonly wql: number | null
  /** Share inside the outermost interval, 0–1. */
  readonly coverage: number | null
  /** Mean of what came minus the median, in naive errors: above 0, forecasts are too low. */
  readonly bias: number | null
  /** Only of symbols, whose other scores are null: see `Scores`. */
  readonly logLoss?: number
  readonly accuracy?: number
}
