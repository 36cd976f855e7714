import type { BacktestReport } from './backtest-report.js'

/** Backtests of data that are sent, in a process of their own. */
export interface BacktestControl {
  /** One runs at a time. `refused`: what is asked for cannot be, in words. */
  start(csv: Uint8Array, request: BacktestRequest): Promise<BacktestOutcome>
  /** `undefined`: no such backtest, or it is too long ago. */
  status(id: string): BacktestStatus | undefined
  /** Ends it, whatever it is at; one that is over stays as it is. `undefined`: no such backtest. */
  cancel(id: string): BacktestStatus | undefined
}

export interface BacktestRequest {
  /** As in a configuration, such as `1h`. */
  readonly interval: string
  /** Steps, such as `24,168`; `1`: none. */
  readonly season: string
  readonly horizon: number
  /** Share of each series' end that is forecast and never trained on. */
  readonly test: number
  /** Networks to compare, such as `gru,lstm`. Absent: the one that a pipeline has unless configured. */
  readonly compare?: string
  /** Retrain as the stream goes: a duration such as `28d`, or steps. Absent: not. */
  readonly retrainEvery?: string
}

export type BacktestOutcome =
  | { readonly kind: 'started'; readonly id: string }
  | { readonly kind: 'busy' }
  | { readonly kind: 'refused'; readonly why: string }

export interface BacktestStatus {
  readonly id: string
  readonly state: 'running' | 'done' | 'failed' | 'cancelled'
  readonly progress: BacktestProgress
  /** `null` until it is done. */
  readonly report: BacktestReport | null
  /** Why it failed, in words. */
  readonly why: string | null
}

export interface BacktestProgress {
  readonly phase: 'reading' | 'training' | 'streaming'
  /** What is trained, or forecasts: a cell or `baseline`; `null` while reading. */
  readonly model: string | null
  /** Of the phase, 0–1. */
  readonly share: number
  /** Until the phase ends; `null` where it cannot be said. */
  readonly etaSeconds: number | null
  /** Phases that are over, and all there will be. */
  readonly done: number
  readonly phases: number
}
