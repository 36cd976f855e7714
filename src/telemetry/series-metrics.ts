import type { NamedReading } from '../core/named-reading.js'
import type { Metrics } from './metrics.js'

const LEVELS = ['lower', 'median', 'upper'] as const

/** What has come of the series that are named in the configuration, and what had been forecast for it. */
export class SeriesMetrics {
  /** Series → steps ahead of the forecast that is shown. */
  readonly #shown = new Map<string, string>()

  constructor(
    private readonly metrics: Metrics,
    private readonly pipeline: string,
  ) {}

  read({ series, ts, value, steps: ahead, forecast }: NamedReading): void {
    const { metrics, pipeline } = this
    const steps = String(ahead)
    if ((this.#shown.get(series) ?? steps) !== steps) this.#forget(series)
    this.#shown.set(series, steps)
    metrics.observedValue.set({ pipeline, series }, value)
    metrics.observedTime.set({ pipeline, series }, ts / 1000)
    LEVELS.forEach((level, i) => {
      metrics.forecastValue.set({ pipeline, series, steps, level }, forecast[i]!)
    })
  }

  /** Forgets all but these. */
  keep(names: readonly string[]): void {
    for (const series of [...this.#shown.keys()]) if (!names.includes(series)) this.#forget(series)
  }

  #forget(series: string): void {
    const { metrics, pipeline } = this
    const steps = this.#shown.get(series)!
    this.#shown.delete(series)
    metrics.observedValue.remove({ pipeline, series })
    metrics.observedTime.remove({ pipeline, series })
    for (const level of LEVELS) metrics.forecastValue.remove({ pipeline, series, steps, level })
  }
}
