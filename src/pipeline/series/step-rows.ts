import { targetOf, type Forecast } from '../../core/forecast/format.js'
import type { SeriesSteps } from '../../ports/control/series.js'

/**
 * What forecasts of one series, oldest first, said of one step ahead, by the time it was for. On the observation grid that
 * is the time of the observation so many later, where it has come.
 */
export function stepRows(
  forecasts: readonly Forecast[],
  step: number,
  interval: number,
): SeriesSteps['rows'] {
  const origins = forecasts.map(({ origin }) => Date.parse(origin))
  return forecasts.flatMap(({ quantiles }, i) => {
    const target = targetOf(origins[i]!, step, interval) ?? origins[i + step]
    if (target === undefined || Object.keys(quantiles).length === 0) return []
    const values = Object.entries(quantiles).map(([level, steps]) => [level, steps[step - 1]!] as const)
    return [[target, Object.fromEntries(values)] as const]
  })
}
