/** What has come of a series that metrics are kept of. */
export interface NamedReading {
  readonly series: string
  /** Time stamp of the observation, ms. */
  readonly ts: number
  readonly value: number
  /** How many steps before it the forecast was made. */
  readonly steps: number
  /** What was forecast for it: lowest quantile, median, highest quantile; NaN where nothing was. */
  readonly forecast: readonly [lower: number, median: number, upper: number]
}
