/** Backtests of data that are sent, in a process of their own. */
export interface BacktestControl {
  /** One runs at a time. `refused`: what is asked for cannot be, in words. */
  start(csv: Uint8Array, request: BacktestRequest): Promise<BacktestOutcome>
  /** `undefined`: no such backtest, or it is too long ago. */
  status(id: string): BacktestStatus | undefined
}

export interface BacktestRequest {
  /** As in a configuration, such as `1h`. */
  readonly interval: string
  /** Steps, such as `24,168`; `1`: none. */
  readonly season: string
  readonly horizon: number
  /** Share of each series' end that is forecast and never trained on. */
  readonly test: number
}

export type BacktestOutcome =
  | { readonly kind: 'started'; readonly id: string }
  | { readonly kind: 'busy' }
  | { readonly kind: 'refused'; readonly why: string }

export interface BacktestStatus {
  readonly id: string
  readonly state: 'running' | 'done' | 'failed'
  /** Share of what is under way, 0–1. */
  readonly progress: { readonly phase: 'reading' | 'training' | 'streaming'; readonly share: number }
  /** What `tidecast backtest --json` prints; `null` until it is done. */
  readonly report: unknown
  /** Why it failed, in words. */
  readonly why: string | null
}
