import type { Message } from 'kafkajs'
import { BrokerError } from '../../ports/broker.js'
import type { OutboundRecord } from '../../ports/broker.js'
import { partitionOfKey } from '../embedded/partitioner.js'

/** All records of a send and partition travel as one batch, of which Kafka takes 1 MiB by default. */
const MAX_SEND_BYTES = 900_000
/** Of a record with all that is around it; Kafka takes 1 MiB by default. */
export const MAX_RECORD_BYTES = 1_000_000
/** Upper bound of what a record's lengths, deltas and attributes take. */
const RECORD_OVERHEAD = 32

/** A record with its place and size, as it is handed to kafkajs. */
export interface Addressed {
  readonly topic: string
  readonly partition: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** Absent: the present, when it is sent. */
  readonly timestamp?: number | undefined
  readonly headers?: Record<string, Buffer> | undefined
  /** Upper bound of what it takes in a batch. */
  readonly bytes: number
}

type Content = Pick<Addressed, 'key' | 'value' | 'timestamp' | 'headers'>

export class Addresser {
  #keyless = 0

  constructor(
    /** Number of partitions; rejects with 'unknown-topic'. */
    private readonly partitionsOf: (topic: string) => Promise<number>,
  ) {}

  /** All that can be wrong with the records is found here, before anything is sent. */
  async address(records: readonly OutboundRecord[], now: number): Promise<Addressed[]> {
    const keyless = this.#keyless++
    const counts = new Map<string, number>()
    for (const { topic } of records) {
      if (!counts.has(topic)) counts.set(topic, await this.partitionsOf(topic))
    }
    return records.map(({ topic, partition, timestamp = now, key, value, headers }) => {
      const partitions = counts.get(topic)!
      // Without a key, the records of one call stay together and keep their order.
      const chosen = partition ?? (key === null ? keyless % partitions : partitionOfKey(key, partitions))
      if (!(chosen >= 0 && chosen < partitions)) {
        throw new RangeError(`Topic ${topic} has ${partitions} partitions, no partition ${chosen}.`)
      }
      return addressed(topic, chosen, {
        key: key && asBuffer(key),
        value: value && asBuffer(value),
        timestamp,
        headers: headers && buffers(headers),
      })
    })
  }
}

export function addressed(
  topic: string,
  partition: number,
  { key, value, timestamp, headers }: Content,
): Addressed {
  let bytes = RECORD_OVERHEAD + (key?.length ?? 0) + (value?.length ?? 0)
  for (const name in headers) bytes += 10 + Buffer.byteLength(name) + headers[name]!.length
  if (bytes > MAX_RECORD_BYTES) {
    throw new BrokerError(
      'too-large',
      `A record for topic ${topic} has ${bytes} bytes; at most ${MAX_RECORD_BYTES} are sent to Kafka.`,
    )
  }
  return { topic, partition, key, value, timestamp, headers, bytes }
}

/** Whether one batch of one partition holds them all: it is written whole or not at all. */
export function fitsOneSend(records: readonly Addressed[]): boolean {
  const [first] = records
  let bytes = 0
  for (const record of records) {
    if (record.topic !== first!.topic || record.partition !== first!.partition) return false
    bytes += record.bytes
  }
  return bytes <= MAX_SEND_BYTES
}

/** What kafkajs takes for one request to one broker. */
interface Send {
  readonly topic: string
  /** kafkajs itself looks at their partition alone; the rest is for our own encoding, which takes numbers as time stamps. */
  readonly messages: Message[]
}

/**
 * The records of each partition in their order, in sends that are not too large for Kafka. Each send is for one partition:
 * where a send goes to several brokers and one of them fails, kafkajs repeats it while the others are still at work on
 * theirs, under new sequence numbers, and takes the answer of a broker for one about partitions that came to it since. The
 * records of a send would be there twice, or not at all.
 */
export function* sendsOf(records: readonly Addressed[]): Generator<Send> {
  for (const group of byPartition(records)) {
    const { topic } = group[0]!
    let from = 0
    let bytes = 0
    for (const [i, record] of group.entries()) {
      if (i > from && bytes + record.bytes > MAX_SEND_BYTES) {
        yield { topic, messages: asMessages(group.slice(from, i)) }
        from = i
        bytes = 0
      }
      bytes += record.bytes
    }
    yield { topic, messages: asMessages(from === 0 ? group : group.slice(from)) }
  }
}

function byPartition(records: readonly Addressed[]): Addressed[][] {
  const groups: Addressed[][] = []
  const topics = new Map<string, Map<number, Addressed[]>>()
  let group: Addressed[] = []
  for (const record of records) {
    const { topic, partition } = record
    // Most records are for the partition of the one before.
    if (group[0]?.topic !== topic || group[0].partition !== partition) {
      let partitions = topics.get(topic)
      if (partitions === undefined) topics.set(topic, (partitions = new Map<number, Addressed[]>()))
      group = partitions.get(partition) ?? []
      if (group.length === 0) {
        partitions.set(partition, group)
        groups.push(group)
      }
    }
    group.push(record)
  }
  return groups
}

const asMessages = (records: readonly Addressed[]): Message[] => records as unknown as Message[]

/** Series keys and forecasts are Buffers already, and there is a forecast to every record. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function buffers(headers: Readonly<Record<string, Uint8Array>>): Record<string, Buffer> {
  // The headers of forecasts are Buffers already, and there is a forecast to every record.
  for (const name in headers) {
    if (!Buffer.isBuffer(headers[name])) {
      return Object.fromEntries(Object.entries(headers).map(([key, value]) => [key, asBuffer(value)]))
    }
  }
  return headers as Record<string, Buffer>
}
