import { intervalMs, type Forecast } from '../../core/forecast/format.js'
import type { SeriesHistory, SeriesSteps } from '../../ports/control/series.js'

/** What there is of a series at one time; for programs that draw tables, such as Grafana. */
export interface ChartRow {
  /** ms */
  readonly time: number
  observed?: number
  /** What had been forecast for it, some steps before: lowest quantile, median, highest quantile. */
  lower?: number
  median?: number
  upper?: number
  /** What the newest forecast says of it. */
  fanLower?: number
  fanMedian?: number
  fanUpper?: number
}

/**
 * Observations, what had been forecast for them, and the newest forecast, by time, oldest first. Where steps have no
 * length, the newest forecast has no times and is left out; symbols are no numbers, and are left out too.
 */
export function chartRows(
  observations: SeriesHistory['observations'],
  made: SeriesSteps['rows'],
  newest: Forecast | undefined,
): ChartRow[] {
  const rows = new Map<number, ChartRow>()
  const at = (time: number): ChartRow => {
    const row = rows.get(time) ?? { time }
    rows.set(time, row)
    return row
  }
  for (const [time, value] of observations) if (typeof value === 'number') at(time).observed = value
  for (const [time, levels] of made) {
    const [lower, median, upper] = outermost(levels)
    if (lower !== undefined) Object.assign(at(time), { lower, median, upper })
  }
  const step = newest === undefined ? null : intervalMs(newest.interval)
  if (newest !== undefined && step !== null) {
    const [lower, median, upper] = outermost(newest.quantiles)
    const origin = Date.parse(newest.origin)
    for (const [h, fanMedian] of (median ?? []).entries()) {
      const [fanLower, fanUpper] = [lower![h]!, upper![h]!]
      Object.assign(at(origin + (h + 1) * step), { fanLower, fanMedian, fanUpper })
    }
  }
  return [...rows.values()].sort((a, b) => a.time - b.time)
}

/** Of values by level: of the lowest, the middle and the highest. */
function outermost<T>(byLevel: Readonly<Record<string, T>>): readonly (T | undefined)[] {
  const values = Object.entries(byLevel)
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, value]) => value)
  return [values[0], values[(values.length - 1) / 2], values.at(-1)]
}
