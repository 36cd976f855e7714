import type { BacktestRequest, BacktestStatus } from '../../ports/control/backtests.js'

/** What the process of a backtest is told. */
export interface BacktestJob extends BacktestRequest {
  /** CSV. */
  readonly file: string
}

export type BacktestReply =
  | { readonly kind: 'progress'; readonly progress: BacktestStatus['progress'] }
  | { readonly kind: 'done'; readonly report: unknown }
  | { readonly kind: 'failed'; readonly why: string }
