import type { Forecast } from '../../../core/forecast/format.js'
import type { SeriesHistory } from '../../../ports/control/series.js'
import { intervalMs } from '../../format/times.js'

/**
 * Time (ms) that a step of a forecast is for. On the grid of observations that of the observation so many later; null
 * while that has not come.
 */
export function targetOf(
  { origin, interval }: Pick<Forecast, 'origin' | 'interval'>,
  step: number,
  observations: SeriesHistory['observations'],
): number | null {
  const from = Date.parse(origin)
  const length = intervalMs(interval)
  if (length !== null) return from + step * length
  const at = observations.findLastIndex(([time]) => time <= from)
  return at < 0 ? null : (observations[at + step]?.[0] ?? null)
}

/** Where the steps of a forecast are drawn: what has no time yet, as far apart as the observations mostly are. */
export function drawnTargets(forecast: Forecast, observations: SeriesHistory['observations']): number[] {
  const usual = usualDistance(observations)
  const times: number[] = []
  let last = Date.parse(forecast.origin)
  for (let step = 1; step <= forecast.horizon; step++) {
    last = targetOf(forecast, step, observations) ?? last + usual
    times.push(last)
  }
  return times
}

/** Median time between observations, ms. */
export function usualDistance(observations: SeriesHistory['observations']): number {
  const distances = observations.slice(1).map(([time], i) => time - observations[i]![0])
  distances.sort((a, b) => a - b)
  return distances[Math.floor(distances.length / 2)] ?? 86_400_000
}
