import type { Forecast } from '../../../core/forecast/format.js'
import type { SeriesHistory } from '../../../ports/control/series.js'
import { fanColumns } from './fan-model.js'
import { targetOf } from './targets.js'

export interface HorizonErrors {
  /** By step ahead, from 1: mean absolute error of the median, in units of the values; null where nothing has come. */
  readonly errors: readonly (number | null)[]
  /** Share of what came that lay inside the outermost interval, 0–1. */
  readonly coverage: readonly (number | null)[]
  /** Forecasts of which something has come. */
  readonly forecasts: number
}

/** How good these forecasts were, the farther ahead the later. */
export function horizonErrors(
  forecasts: readonly Forecast[],
  observations: SeriesHistory['observations'],
): HorizonErrors {
  const seen = new Map<number, number>()
  for (const [at, value] of observations) if (typeof value === 'number') seen.set(at, value)
  const steps = Math.max(0, ...forecasts.map(({ horizon }) => horizon))
  const sums = Array.from({ length: steps }, () => ({ error: 0, inside: 0, count: 0 }))
  let scored = 0
  for (const forecast of forecasts) {
    const { low, middle, high } = fanColumns(forecast)
    let came = 0
    sums.forEach((sum, h) => {
      const target = targetOf(forecast, h + 1, observations)
      const value = target === null ? undefined : seen.get(target)
      if (value === undefined || h >= middle.length) return
      sum.error += Math.abs(value - middle[h]!)
      sum.inside += value >= low[h]! && value <= high[h]! ? 1 : 0
      sum.count++
      came++
    })
    if (came > 0) scored++
  }
  return {
    errors: sums.map(({ error, count }) => (count === 0 ? null : error / count)),
    coverage: sums.map(({ inside, count }) => (count === 0 ? null : inside / count)),
    forecasts: scored,
  }
}
