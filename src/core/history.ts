/** A series' past on its grid, as the trainer and the backtest read it. */
export interface SeriesHistory {
  readonly series: string
  /** Grid index of values[0]. */
  readonly start: number
  /** One per grid step; NaN = missing. */
  readonly values: Float64Array
  /** Time stamp (ms) of each step; the observation's own where there was one. */
  readonly ts: Float64Array
  /** [T, covariates] NaN = missing. Absent: none is known. */
  readonly covariates?: Float32Array
  /** [T + horizon, covariates known ahead] what the steps from values[0] on were foretold to have; NaN = nothing. */
  readonly ahead?: Float32Array
}
