import type { PipelineConfig } from '../config/types.js'
import { recordsPerForecast, type Forecast } from '../core/forecast/format.js'
import { ForecastReader } from '../core/forecast/read.js'
import type { Broker, LogRecord } from '../ports/broker.js'
import type { SchemaRegistry } from '../ports/schema-registry.js'

/** How far back in the output topic a forecast is looked for: so many forecasts, but no more than so many records. */
const TAIL = 50_000
const MOST_RECORDS = 400_000

/**
 * The newest forecast of a series among the last records of the output topic: after a restart, before new ones come.
 * @param origin ms; only the forecast made at this time stamp
 */
export async function forecastFromOutput(
  broker: Broker,
  config: PipelineConfig,
  registry: SchemaRegistry | null,
  series: string,
  origin?: number,
): Promise<Forecast | null> {
  const key = Buffer.from(series)
  const partitions = (await broker.describe(config.output)) ?? []
  const tail = Math.min(MOST_RECORDS, TAIL * recordsPerForecast(config))
  const reader = new ForecastReader(config, registry === null ? null : (id) => registry.schema(id))
  let found: Forecast | null = null
  let newest = -Infinity
  for (const [partition, { end }] of partitions.entries()) {
    const range = { fromOffset: Math.max(0, end - tail) }
    for await (const records of broker.read(config.output, partition, range)) {
      const own = records.filter((record) => isOf(record, key))
      await reader.prepare(own)
      for (const { value, timestamp } of own) {
        const forecast = reader.read(value)
        if (forecast === null || timestamp < newest) continue
        if (origin !== undefined && Date.parse(forecast.origin) !== origin) continue
        newest = timestamp
        found = forecast
      }
    }
  }
  return found
}

function isOf({ key, value }: LogRecord, series: Buffer): boolean {
  return key !== null && value !== null && series.equals(key)
}
