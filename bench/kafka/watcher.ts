import { createClient } from '../../src/adapters/kafka/connection.js'
import { PartitionFetcher } from '../../src/adapters/kafka/fetcher.js'
import { connectionTo, PARTITIONS } from './bed.js'
import { found, helping, task } from './helped.js'

/** Reads a topic as it comes, read_committed. Told anything, it forgets the times it has seen so far. */
export interface WatcherTask {
  readonly brokers: string
  readonly topic: string
}

/** From the times of the records to the moments at which they could be read, ms. */
export interface Watched {
  readonly records: number
  readonly p50: number
  readonly p99: number
  readonly most: number
}

const WAIT_MS = 500

const { brokers, topic } = task() as WatcherTask
const client = await createClient(connectionTo(brokers), () => undefined)
let latencies: number[] = []
let stopped = false

async function watch(partition: number): Promise<void> {
  const fetcher = new PartitionFetcher(client, topic, partition)
  for (let position = 0; !stopped;) {
    const { records, next } = await fetcher.fetch(position, WAIT_MS)
    const now = Date.now()
    for (const { timestamp } of records) latencies.push(now - timestamp)
    position = next
  }
  await fetcher.close()
}

const watching = Array.from({ length: PARTITIONS }, (_, partition) => watch(partition))
await helping(() => (latencies = []))
stopped = true
await Promise.all(watching)
latencies.sort((a, b) => a - b)
const share = (p: number): number => latencies[Math.floor(p * latencies.length)] ?? NaN
found({
  records: latencies.length,
  p50: share(0.5),
  p99: share(0.99),
  most: latencies.at(-1) ?? NaN,
} satisfies Watched)
