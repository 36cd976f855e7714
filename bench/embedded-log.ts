/** Speed of the embedded log: what one core can append, settle, read and load, durably, through the port. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedBroker } from '../src/adapters/embedded/embedded-broker.js'
import type { Broker, OutboundRecord, PartitionLease, StateRow } from '../src/ports/broker.js'
import { systemClock } from '../src/ports/clock.js'
import type { Figure } from './figure.js'

const SETTLEMENT_RECORDS = 4000
const STATE_ROWS = 20_000
const STATE_BYTES = 6500

/** @param parent directory on the file system to be measured. */
export async function benchEmbeddedLog(parent = tmpdir()): Promise<Figure[]> {
  const dir = await mkdtemp(join(parent, 'tidecast-bench-'))
  const broker = await openEmbeddedBroker({ dir, mapSizeBytes: 8 * 2 ** 30, clock: systemClock, pid: 0 })
  try {
    return [
      await measureAppend(broker, 100, 400_000),
      await measureRead(broker),
      await measureSettle(broker, 100, 400_000),
      await measureSettle(broker, 800, 200_000),
      ...(await measureStates(broker)),
    ]
  } finally {
    await broker.close()
    await rm(dir, { recursive: true })
  }
}

async function measureAppend(broker: Broker, valueBytes: number, total: number): Promise<Figure> {
  await broker.ensureTopics([{ name: 'input', partitions: 1 }])
  const records = outputs('input', valueBytes, SETTLEMENT_RECORDS)
  const seconds = await timed(async () => {
    for (let sent = 0; sent < total; sent += records.length) await broker.append(records)
  })
  return { name: `append, ${valueBytes} B values`, value: total / seconds, unit: 'records/s' }
}

async function measureRead(broker: Broker): Promise<Figure> {
  let count = 0
  const seconds = await timed(async () => {
    for await (const records of broker.read('input', 0, {})) count += records.length
  })
  return { name: 'read', value: count / seconds, unit: 'records/s' }
}

/** Consumes the input and publishes as many outputs, each batch in one durable transaction. */
async function measureSettle(broker: Broker, valueBytes: number, total: number): Promise<Figure> {
  const topic = `output-${valueBytes}`
  await broker.ensureTopics([{ name: topic, partitions: 1 }])
  const lease = await leaseOf(broker, topic)
  const published = outputs(topic, valueBytes, SETTLEMENT_RECORDS)
  const seconds = await timed(async () => {
    for (let settled = 0; settled < total; settled += published.length) {
      const batch = await lease.next(SETTLEMENT_RECORDS)
      await batch.settle({ outputs: published })
    }
  })
  return { name: `settle, ${valueBytes} B values`, value: total / seconds, unit: 'records/s' }
}

async function measureStates(broker: Broker): Promise<Figure[]> {
  const lease = await leaseOf(broker, 'states')
  const bytes = new Uint8Array(STATE_BYTES).fill(7)
  const rows = Array.from({ length: STATE_ROWS }, (_, i): StateRow => {
    return { series: `series-${i}`, offset: i, model: 'gru@1', bytes }
  })
  const store = await timed(async () => {
    for (let at = 0; at < rows.length; at += 2000) {
      const batch = await lease.next(1)
      await batch.settle({
        outputs: [],
        snapshot: { meta: new Uint8Array(8), rows: rows.slice(at, at + 2000) },
      })
    }
  })
  let loaded = 0
  const load = await timed(async () => {
    for await (const chunk of lease.states.load()) loaded += chunk.length
  })
  const get = await timed(async () => {
    for (const { series } of rows) await lease.states.get(series)
  })
  const clear = await timed(() => lease.moveTo(lease.committed, new Uint8Array(8)))
  return [
    { name: 'store states, 6.5 kB', value: STATE_ROWS / store, unit: 'rows/s' },
    { name: 'load states, 6.5 kB', value: loaded / load, unit: 'rows/s' },
    { name: 'get one state, 6.5 kB', value: STATE_ROWS / get, unit: 'rows/s' },
    { name: 'clear states, 6.5 kB', value: STATE_ROWS / clear, unit: 'rows/s' },
  ]
}

async function leaseOf(broker: Broker, group: string): Promise<PartitionLease> {
  return new Promise((resolve, reject) => {
    broker.consume('input', group, resolve).catch(reject)
  })
}

function outputs(topic: string, valueBytes: number, count: number): OutboundRecord[] {
  const value = new Uint8Array(valueBytes).fill(65)
  return Array.from({ length: count }, (_, i) => ({
    topic,
    partition: 0,
    timestamp: i,
    key: Buffer.from(`series-${i % 1000}`),
    value,
  }))
}

async function timed(run: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await run()
  return (performance.now() - start) / 1000
}
