import assert from 'node:assert/strict'
import type {
  Broker,
  BrokerErrorCode,
  Consumption,
  LogRecord,
  OutboundRecord,
  PartitionLease,
  ReadRange,
  StateRow,
} from '../../src/ports/broker.js'

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
export const text = (data: Uint8Array | null): string | null => data && new TextDecoder().decode(data)

export function record(topic: string, value: string, more: Partial<OutboundRecord> = {}): OutboundRecord {
  return { topic, partition: 0, key: null, value: bytes(value), ...more }
}

export async function readAll(
  broker: Broker,
  topic: string,
  partition = 0,
  range: ReadRange = {},
): Promise<LogRecord[]> {
  const all: LogRecord[] = []
  for await (const chunk of broker.read(topic, partition, range)) all.push(...chunk)
  return all
}

export async function values(
  broker: Broker,
  topic: string,
  range: ReadRange = {},
): Promise<(string | null)[]> {
  return (await readAll(broker, topic, 0, range)).map(({ value }) => text(value))
}

export function rejectsWith(code: BrokerErrorCode, promise: Promise<unknown>): Promise<void> {
  return assert.rejects(promise, { name: 'BrokerError', code })
}

/** Joins the group and waits until it owns `count` partitions, given in their order. */
export async function join(
  broker: Broker,
  topic: string,
  group: string,
  count = 1,
): Promise<{ leases: PartitionLease[]; lease: PartitionLease; consumption: Consumption }> {
  const leases: PartitionLease[] = []
  let complete = (): void => undefined
  const all = new Promise<void>((resolve) => (complete = resolve))
  const consumption = await broker.consume(topic, group, (lease) => {
    leases.push(lease)
    if (leases.length === count) complete()
  })
  await all
  leases.sort((a, b) => a.partition - b.partition)
  return { leases, lease: leases[0] as PartitionLease, consumption }
}

export function row(series: string, offset: number, content: string): StateRow {
  return { series, offset, model: 'gru@1', bytes: bytes(content) }
}

export async function loadRows(lease: PartitionLease): Promise<Record<string, string>> {
  // Pairs, not assignment: a series may be called `__proto__`.
  const rows: [series: string, content: string][] = []
  for await (const chunk of lease.states.load()) {
    for (const { series, bytes: content } of chunk) rows.push([series, text(content) ?? ''])
  }
  return Object.fromEntries(rows)
}
