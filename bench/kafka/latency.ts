import { setTimeout as pause } from 'node:timers/promises'
import type { Delivery } from '../../src/ports/broker.js'
import type { Figure } from '../figure.js'
import { Workbench } from '../workbench.js'
import { connect, PARTITIONS, SERIES, type RealKafka } from './bed.js'
import { startMember } from './members.js'
import { kafkaPipeline } from './throughput.js'

const RATE = 2000
const TICK_MS = 10
const WARM_UP_MS = 5000
const MEASURED_MS = 10_000
const POLL_MS = 2

/** From the produce request of an observation to its forecast, as a read_committed reader sees it, at 2,000 records/s. */
export async function benchLatency(kafka: RealKafka, guarantee: Delivery['guarantee']): Promise<Figure[]> {
  const { broker, end } = await connect(kafka.brokers)
  const bench = await Workbench.on(broker, end)
  const topic = `latency-${guarantee}`
  const settings = { topic, delivery: guarantee }
  const config = kafkaPipeline(topic, settings)
  const names = [topic, config.output]
  await broker.ensureTopics(names.map((name) => ({ name, partitions: PARTITIONS })))
  await bench.pinModel(config)
  const member = await startMember({ brokers: kafka.brokers, name: topic, settings, pauseMs: 0 })
  const ending = new AbortController()
  try {
    const measuredFrom = Date.now() + WARM_UP_MS
    const latencies: number[] = []
    const watching = Array.from({ length: PARTITIONS }, (_, partition) =>
      watch(broker, config.output, partition, ending.signal, (produced) => {
        if (produced >= measuredFrom) latencies.push(Date.now() - produced)
      }),
    )
    await feed(broker, topic, measuredFrom + MEASURED_MS)
    await pause(1000)
    ending.abort()
    await Promise.all(watching)
    latencies.sort((a, b) => a - b)
    return [0.5, 0.99].map((share) => ({
      name: `kafka: latency at ${String(RATE)} records/s, ${guarantee}, p${String(share * 100)}`,
      value: latencies[Math.floor(share * latencies.length)] ?? NaN,
      unit: 'ms',
    }))
  } finally {
    ending.abort()
    await member.stop()
    await bench.close()
  }
}

type Connected = Awaited<ReturnType<typeof connect>>['broker']

/** Each tick goes to one partition, whose series take turns, so that it is one plain request. */
async function feed(broker: Connected, topic: string, until: number): Promise<void> {
  const perTick = (RATE * TICK_MS) / 1000
  const perPartition = SERIES / PARTITIONS
  const started = Date.now()
  for (let tick = 0; Date.now() < until; tick++) {
    const partition = tick % PARTITIONS
    const round = Math.floor(tick / PARTITIONS) * perTick
    const timestamp = Date.now()
    const records = Array.from({ length: perTick }, (_, i) => {
      const series = (round + i) % perPartition
      const step = Math.floor((round + i) / perPartition)
      const value = 100 + series + 10 * Math.sin((step + series) / 4)
      const json = JSON.stringify({
        ts: timestamp - (timestamp % 60_000) - 86_400_000 + step * 60_000,
        value,
      })
      return {
        topic,
        partition,
        timestamp,
        key: Buffer.from(`${String(partition)}-${String(series)}`),
        value: Buffer.from(json),
      }
    })
    await broker.append(records)
    const ahead = started + (tick + 1) * TICK_MS - Date.now()
    if (ahead > 0) await pause(ahead)
  }
}

async function watch(
  broker: Connected,
  topic: string,
  partition: number,
  ending: AbortSignal,
  seen: (produced: number) => void,
): Promise<void> {
  let position = 0
  while (!ending.aborted) {
    for await (const records of broker.read(topic, partition, { fromOffset: position })) {
      for (const { timestamp } of records) seen(timestamp)
      position = records.at(-1)!.offset + 1
    }
    await pause(POLL_MS)
  }
}
