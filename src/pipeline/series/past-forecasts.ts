import type { PipelineConfig } from '../../config/types.js'
import { recordsPerForecast, type Forecast } from '../../core/forecast/format.js'
import { ForecastReader } from '../../core/forecast/read.js'
import type { SchemaLookup } from '../../core/value-format.js'
import type { Broker } from '../../ports/broker.js'
import type { TimeRange } from '../../ports/control/series.js'
import { readBack } from './read-back.js'

/** Transaction markers take offsets between the records of a forecast. */
const MARKERS = 16

export interface Past {
  /** By origin, oldest first. */
  readonly forecasts: readonly Forecast[]
  /** The range holds no older ones. */
  readonly complete: boolean
}

/**
 * Forecasts of a series as its output topic has them, by origin, oldest first: the newest `limit` within the range.
 * @returns beside them, from which origin on none is missing up to the range's end
 */
export async function pastForecasts(
  broker: Pick<Broker, 'describe' | 'read'>,
  config: PipelineConfig,
  lookup: SchemaLookup | null,
  series: string,
  { from, to, limit }: TimeRange,
): Promise<Past & { readonly from: number }> {
  const key = Buffer.from(series)
  const reader = new ForecastReader(config, lookup)
  const found = new Map<number, { readonly forecast: Forecast; readonly offset: number }>()
  let oldest = Infinity
  const records = recordsPerForecast(config)
  const beginning = await readBack(broker, config.output, {
    overlap: records > 1 ? records + MARKERS : 0,
    take: async (all) => {
      const own = all.filter((record) => record.key !== null && key.equals(record.key))
      await reader.prepare(own)
      for (const { value, offset } of own) {
        const forecast = reader.read(value)
        if (forecast === null) continue
        const origin = Date.parse(forecast.origin)
        oldest = Math.min(oldest, origin)
        // What was published again after a return to an earlier place is the later one.
        const newer = offset > (found.get(origin)?.offset ?? -1)
        if (newer && origin >= from && origin <= to) found.set(origin, { forecast, offset })
      }
    },
    enough: () => found.size >= limit || oldest < from,
  })
  const sorted = [...found].sort(([a], [b]) => a - b).map(([, { forecast }]) => forecast)
  const forecasts = sorted.slice(-limit)
  const complete = sorted.length <= limit && (beginning || oldest < from)
  const first = forecasts[0]
  return {
    forecasts,
    complete,
    from: complete ? from : first === undefined ? Infinity : Date.parse(first.origin),
  }
}
