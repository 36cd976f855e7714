import type { TargetScores } from '../../core/accuracy.js'
import type { CellKind } from '../../core/network-spec.js'
import type { Verdict } from '../../core/verdict.js'
import type { PipelineForm } from '../control.js'
import type { JudgedScores, TrainingReport } from '../model-store.js'

/**
 * All that a backtest found: what `tidecast backtest --json` prints, `--html` draws and HTTP answers. Times are ISO 8601. A score that
 * does not exist is `null`. But for the seconds that things took, two runs over the same data give the same.
 */
export interface BacktestReport {
  readonly options: BacktestOptions
  readonly data: BacktestData
  /** Networks in the order they were asked for, the baseline last; all on the same targets. */
  readonly models: readonly ModelReport[]
  /** Stretches of the test part, with what each model forecast there. Of symbols none. */
  readonly examples: readonly ExampleReport[]
  /** From the first training to the last score. */
  readonly seconds: number
}

export interface BacktestOptions extends PipelineForm {
  /** Share of each series' grid, at its end, that is forecast and never trained on. */
  readonly test: number
  /** Every so many origins one is scored. */
  readonly stride: number
  readonly seed: number
  /** Duration of the stream's time between two retrainings, ISO 8601; `null`: none. */
  readonly retrainEvery: string | null
}

export interface BacktestData {
  readonly series: number
  /** Rows of the file that have a value. */
  readonly observations: number
  /** Grid points without one. */
  readonly missing: number
  /** First and last time stamp. */
  readonly from: string
  readonly to: string
  /** The earliest time stamp of any series' test part. */
  readonly testFrom: string
}

export interface ModelReport {
  /** Of a network its cell. */
  readonly name: CellKind | 'baseline'
  /** Means over the series of each one's own score. */
  readonly scores: BacktestScores
  /**
   * By how far ahead, by each step ahead, and by the time of the target. The weighted quantile loss is in units of each series' own mean
   * |value|, so that no series counts for more than another. Of symbols none, as what follows.
   */
  readonly buckets: readonly (TargetScores & { readonly steps: string })[]
  readonly steps: readonly (TargetScores & { readonly step: number })[]
  readonly periods: readonly (TargetScores & { readonly from: string; readonly to: string })[]
  /** By level, ascending: the share of values at or below that quantile. */
  readonly calibration: readonly { readonly level: number; readonly below: number }[]
  /** Of the baseline none. */
  readonly trainings: readonly BacktestTraining[]
  /** Seconds for all records through the pipeline, and for the trainings on the way. */
  readonly streamSeconds: number
}

export interface BacktestScores extends TargetScores {
  /** Those that could be scored. */
  readonly series: number
  readonly origins: number
}

export interface BacktestTraining {
  /** Time of the stream: all it was trained on is older. */
  readonly at: string
  /** `first`, or why another one was due, such as `schedule`. */
  readonly reason: string
  readonly version: number
  /** Whether it forecast from then on. */
  readonly promoted: boolean
  /** What the gate says of it; `null` where there is none. The first network forecasts whatever it says. */
  readonly verdict: Verdict | null
  /** On the newest of the data before `at`. */
  readonly scores: JudgedScores
  readonly report: TrainingReport
}

export interface ExampleReport {
  readonly series: string
  /** Of each grid point, ISO 8601. */
  readonly ts: readonly string[]
  /** What was observed then; `null`: missing. */
  readonly values: readonly (number | null)[]
  readonly fans: readonly ExampleFan[]
}

export interface ExampleFan {
  readonly model: ModelReport['name']
  /** Position of its origin in `ts`: element h of its quantiles is of position origin + 1 + h. */
  readonly origin: number
  readonly quantiles: Readonly<Record<string, readonly number[]>>
}
