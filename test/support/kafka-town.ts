import { setTimeout as pause } from 'node:timers/promises'
import type { KafkaBroker } from '../../src/adapters/kafka/kafka-broker.js'
import type { PipelineConfig } from '../../src/config/types.js'
import { consumerGroup } from '../../src/core/consumer-group.js'
import type { SeriesOutput, Published } from './outputs.js'
import { assertExactlyOnce } from './outputs.js'
import { witness, type WitnessedRecord } from './kafka-witness.js'

/** Meters of a town, hourly: many series, of which each has few observations. */
const SERIES = 200
const HOUR = 3_600_000
const START = Date.UTC(2026, 0, 1)
const POLL_MS = 50

/** Time stamp (ms) of the town's hours. */
export const hourOf = (hour: number): number => START + hour * HOUR

export const TOWN_SETTINGS = {
  interval: '1h',
  season: 'none',
  horizon: 12,
  partitions: 2,
  // Small batches: there are many moments at which a crash could do harm.
  batch: { maxRecords: 250 },
  state: { snapshotEvery: '500ms' },
  model: { hidden: 16, warmUp: 4 },
  training: { enabled: false },
} as const

export const SERIES_NAMES = Array.from({ length: SERIES }, (_, i) => `meter-${i}`)

/** Appends the hours from `from` on, before `to`, of all series. */
export function appendHours(
  broker: KafkaBroker,
  topic: string,
  from: number,
  to: number,
  names: readonly string[] = SERIES_NAMES,
): Promise<void> {
  const records = []
  for (let hour = from; hour < to; hour++) {
    for (const [i, series] of names.entries()) {
      const value = 100 + i + 10 * Math.sin((hour + i) / 4)
      const json = JSON.stringify({ ts: hourOf(hour), value })
      records.push({ topic, key: Buffer.from(series), value: Buffer.from(json) })
    }
  }
  return broker.append(records)
}

/** Polls until the pipeline has settled that share of what is in its input. */
export async function untilSettled(
  broker: KafkaBroker,
  { name, topic }: PipelineConfig,
  share = 1,
  timeoutMs = 60_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs
  const partitions = await broker.describe(topic)
  if (partitions === null) throw new Error(`Kafka knows no topic ${topic}`)
  // Every transaction of an append ends with a marker.
  const ends = partitions.map(({ end }) => end - 1)
  for (;;) {
    const committed = await broker.committed(consumerGroup(name), topic)
    const reached = ends.every((end, i) => (committed[i] ?? 0) >= Math.floor(end * share))
    if (reached) return
    if (Date.now() > deadline) throw new Error(`settled ${committed.join(' ')} of ${ends.join(' ')}`)
    await pause(POLL_MS)
  }
}

/** Exactly one forecast from every observation of the first `hours`, per series in their order. */
export async function assertForecastOnce(
  brokers: string,
  { output }: PipelineConfig,
  hours: number,
): Promise<void> {
  const outputs = await outputsOf(await witness(brokers, output))
  assertExactlyOnce(outputs, expectedOrigins(hours))
}

/** Origins of the forecasts that the first `hours` lead to, by series. */
export function expectedOrigins(
  hours: number,
  names: readonly string[] = SERIES_NAMES,
): Map<string, readonly number[]> {
  const origins = Array.from({ length: hours }, (_, hour) => hourOf(hour))
  return new Map(names.map((series) => [series, origins]))
}

/** What a foreign client has read of an output topic, by series. */
export async function outputsOf(
  records: Iterable<WitnessedRecord> | AsyncIterable<WitnessedRecord>,
): Promise<Map<string, SeriesOutput>> {
  const outputs = new Map<string, SeriesOutput>()
  for await (const { key, value } of records) {
    const forecast = JSON.parse(value) as Published & { readonly origin: string }
    const last = { ...forecast, origin: Date.parse(forecast.origin) }
    const found = outputs.get(key) ?? { origins: [], models: new Set<string>(), last }
    found.origins.push(last.origin)
    found.models.add(last.model)
    found.last = last
    outputs.set(key, found)
  }
  return outputs
}
