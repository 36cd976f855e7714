import type { PipelineConfig } from '../../config/types.js'
import { Decoder } from '../../core/decode.js'
import type { Forecast } from '../../core/forecast/format.js'
import type { SchemaRegistry } from '../../ports/schema-registry.js'
import type { Broker } from '../../ports/broker.js'
import type { Point } from './chart.js'

/** Horizons of the past that are shown before the origin. */
const PAST = 4
/** How far back in the input topic observations are looked for. */
const TAIL = 200_000

/** Time stamps (ms) of a forecast's targets; on the observation grid, those of the observations since, or days. */
export function targetTimes(forecast: Forecast, interval: number, since: readonly Point[]): number[] {
  const origin = Date.parse(forecast.origin)
  const step = interval > 0 ? interval : 86_400_000
  const later = interval > 0 ? [] : since.filter(({ ts }) => ts > origin)
  return Array.from({ length: forecast.horizon }, (_, h) => {
    const last = later.at(-1)?.ts ?? origin
    return later[h]?.ts ?? last + (h + 1 - later.length) * step
  })
}

/** The series' observations around a forecast's origin, in order. */
export async function observedAround(
  broker: Broker,
  config: PipelineConfig,
  forecast: Forecast,
  registry: SchemaRegistry | null,
): Promise<Point[]> {
  const decoder = new Decoder(config, registry === null ? null : (id) => registry.schema(id))
  const origin = Date.parse(forecast.origin)
  const span = forecast.horizon * (config.interval > 0 ? config.interval : 2 * 86_400_000)
  const from = origin - PAST * span
  const to = origin + span
  const points: Point[] = []
  for (const [partition, { end }] of ((await broker.describe(config.topic)) ?? []).entries()) {
    for await (const records of broker.read(config.topic, partition, {
      fromOffset: Math.max(0, end - TAIL),
    })) {
      await decoder.prepare(records)
      for (const { key, value, timestamp } of records) {
        if (decoder.decode(key, value, timestamp) !== null) continue
        const { series, ts, value: observed } = decoder.out
        if (series === forecast.series && ts >= from && ts <= to && observed === observed) {
          points.push({ ts, value: observed })
        }
      }
    }
  }
  return points.sort((a, b) => a.ts - b.ts)
}
