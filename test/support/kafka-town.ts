import { setTimeout as pause } from 'node:timers/promises'
import type { KafkaBroker } from '../../src/adapters/kafka/kafka-broker.js'
import type { PipelineConfig } from '../../src/config/types.js'
import { consumerGroup } from '../../src/core/consumer-group.js'
import type { SeriesOutput, Published } from './outputs.js'
import { assertExactlyOnce } from './outputs.js'
import { witness } from './kafka-witness.js'

/** Meters of a town, hourly: many series, of which each has few observations. */
const SERIES = 200
const HOUR = 3_600_000
const START = Date.UTC(2026, 0, 1)
const POLL_MS = 50

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
export function appendHours(broker: KafkaBroker, topic: string, from: number, to: number): Promise<void> {
  const records = []
  for (let hour = from; hour < to; hour++) {
    for (const [i, series] of SERIES_NAMES.entries()) {
      const value = 100 + i + 10 * Math.sin((hour + i) / 4)
      const json = JSON.stringify({ ts: START + hour * HOUR, value })
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
  // Every transaction of an append ends with a marker.
  const ends = ((await broker.describe(topic)) ?? []).map(({ end }) => end - 1)
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
  const outputs = new Map<string, SeriesOutput>()
  for (const { key, value } of await witness(brokers, output)) {
    const last = JSON.parse(value) as Published
    const found = outputs.get(key) ?? { origins: [], models: new Set<string>(), last }
    found.origins.push(Date.parse(String(last.origin)))
    outputs.set(key, found)
  }
  const origins = Array.from({ length: hours }, (_, hour) => START + hour * HOUR)
  assertExactlyOnce(outputs, new Map(SERIES_NAMES.map((series) => [series, origins])))
}
