import { useEffect, useMemo, useState } from 'preact/hooks'
import type { Forecast } from '../../../core/forecast/format.js'
import type { Beside, SeriesForecasts, SeriesHistory, SeriesSteps } from '../../../ports/control/series.js'
import type { PipelineStatus } from '../../../ports/control.js'
import { ofPipeline } from '../../api/client.js'
import { live } from '../../api/live.js'
import { useResource, type Resource } from '../../api/use-resource.js'
import { targetOf } from './targets.js'

/** Numbers of forecasts that are kept at once; the longer the horizon, the fewer forecasts. */
const MOST_NUMBERS = 60_000

const NOBODY: Beside = { baseline: null, challenger: null }

export interface SeriesData {
  readonly observations: SeriesHistory['observations']
  /** Oldest first. */
  readonly forecasts: readonly Forecast[]
  /** What others say, from about the newest origin. */
  readonly beside: Beside
  /** What was forecast the chosen step ahead, by the time it was for. */
  readonly made: SeriesSteps['rows']
  /** What everything waits for. */
  readonly resource: Resource<SeriesHistory>
}

/** A series' past as the daemon tells it, and what has come since. */
export function useSeries(
  pipeline: PipelineStatus,
  series: string,
  step: number,
  length: number,
): SeriesData {
  const { name, form } = pipeline
  const forecastsKept = Math.max(
    20,
    Math.min(length, 300, Math.floor(MOST_NUMBERS / (form.horizon * form.quantiles.length))),
  )
  const history = useResource<SeriesHistory>(ofPipeline(name, 'series/history', { series, limit: length }))
  const published = useResource<SeriesForecasts>(
    ofPipeline(name, 'series/forecasts', { series, limit: forecastsKept }),
  )
  const steps = useResource<SeriesSteps>(
    ofPipeline(name, 'series/forecasts', { series, limit: length, step }),
  )
  const [seen, setSeen] = useState<SeriesHistory['observations']>([])
  const [told, setTold] = useState<readonly Forecast[]>([])
  const [toldBeside, setToldBeside] = useState<Beside | null>(null)

  useEffect(() => {
    return live.watch({ pipeline: name, series }, (event) => {
      if (event.kind === 'observations') {
        setSeen((before) => [...before, ...event.observations].slice(-length))
      } else if (event.kind === 'beside') {
        setToldBeside(event.beside)
      } else {
        setTold((before) => [...before, event.forecast].slice(-forecastsKept))
      }
    })
  }, [name, series, length, forecastsKept])

  const observations = useMemo(() => {
    const known = [...(history.data?.observations ?? [])]
    for (const observation of seen) {
      if (observation[0] > (known.at(-1)?.[0] ?? -Infinity)) known.push(observation)
    }
    return known.slice(-length)
  }, [history.data, seen, length])

  const forecasts = useMemo(() => {
    const known = [...(published.data?.forecasts ?? [])]
    for (const forecast of told) {
      if (forecast.origin > (known.at(-1)?.origin ?? '')) known.push(forecast)
    }
    return known.slice(-forecastsKept)
  }, [published.data, told, forecastsKept])

  const made = useMemo(() => {
    const rows = [...(steps.data?.rows ?? [])]
    let newest = rows.at(-1)?.[0] ?? -Infinity
    for (const forecast of forecasts) {
      const target = targetOf(forecast, step, observations)
      if (target === null || target <= newest) continue
      const values = Object.entries(forecast.quantiles).map(
        ([level, ahead]) => [level, ahead[step - 1]!] as const,
      )
      rows.push([target, Object.fromEntries(values)])
      newest = target
    }
    return rows.slice(-length)
  }, [steps.data, forecasts, observations, step, length])

  return {
    observations,
    forecasts,
    made,
    beside: toldBeside ?? published.data ?? NOBODY,
    resource: history,
  }
}
