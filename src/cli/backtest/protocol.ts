import type { BacktestReport } from '../../ports/control/backtest-report.js'
import type { BacktestProgress, BacktestRequest } from '../../ports/control/backtests.js'

/** What the process of a backtest is told. */
export interface BacktestJob extends BacktestRequest {
  /** CSV. */
  readonly file: string
}

export type BacktestReply =
  | { readonly kind: 'progress'; readonly progress: BacktestProgress }
  | { readonly kind: 'done'; readonly report: BacktestReport }
  | { readonly kind: 'failed'; readonly why: string }
