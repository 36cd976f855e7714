import { createRequire } from 'node:module'
import type { Message } from 'kafkajs'
import { encodeRecordBatch } from './record-batch.js'

/**
 * kafkajs, with two of its functions replaced, which took most of the time of a produce request: it groups messages by
 * partition in quadratic time, and encodes each value of a record into a buffer of its own. All else (what is sent when, sequence
 * numbers, transactions, retries) stays as it is. The version is pinned; `docs/decisions/0041-kafka-speed.md` says more.
 */
const require = createRequire(import.meta.url)

interface ProduceRequest {
  readonly acks: number
  readonly timeout: number
  readonly compression?: number
  readonly transactionalId?: string | null
  readonly producerId?: { toString(): string }
  readonly producerEpoch?: number
  readonly topicData: readonly {
    readonly topic: string
    readonly partitions: readonly {
      readonly partition: number
      readonly firstSequence?: number
      readonly messages: readonly Message[]
    }[]
  }[]
}

interface Encoder {
  writeString(value: string | null): Encoder
  writeInt16(value: number): Encoder
  writeInt32(value: number): Encoder
  writeBuffer(value: Buffer): Encoder
}

interface Protocol {
  readonly request: object
  readonly response: unknown
}

interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>
}

const internals = (path: string): unknown => require(`kafkajs/src/${path}`)

const NewEncoder = internals('protocol/encoder') as new (size: number) => Encoder
const { lookupCodec } = internals('protocol/message/compression') as {
  readonly lookupCodec: (type: number) => Codec | null
}
const produce = internals('protocol/requests/produce') as {
  protocol: (options: { readonly version: number }) => (request: ProduceRequest) => Protocol
}

/** From this version on requests carry record batches; they differ in their answers only, up to the last that kafkajs knows. */
const FIRST_WITH_BATCHES = 3
const protocolOf = produce.protocol
produce.protocol = ({ version }) => {
  const protocol = protocolOf({ version })
  if (version < FIRST_WITH_BATCHES) return protocol
  return (request) => {
    const { request: original, response } = protocol(request)
    return { request: { ...original, encode: () => encodeProduce(request) }, response }
  }
}

async function encodeProduce(request: ProduceRequest): Promise<Encoder> {
  const { acks, timeout, compression = 0, topicData, transactionalId = null } = request
  const codec = compression === 0 ? null : lookupCodec(compression)
  const producing = {
    codec: compression,
    transactional: transactionalId !== null,
    producerId: BigInt((request.producerId ?? -1).toString()),
    producerEpoch: request.producerEpoch ?? 0,
    now: Date.now(),
    ...(codec === null ? {} : { compress: (buffer: Buffer) => codec.compress({ buffer }) }),
  }
  const encoder = new NewEncoder(1 << 20)
  encoder.writeString(transactionalId).writeInt16(acks).writeInt32(timeout).writeInt32(topicData.length)
  for (const { topic, partitions } of topicData) {
    encoder.writeString(topic).writeInt32(partitions.length)
    for (const { partition, messages, firstSequence = 0 } of partitions) {
      const batch = await encodeRecordBatch(messages, { ...producing, baseSequence: firstSequence })
      encoder.writeInt32(partition).writeInt32(batch.length).writeBuffer(batch)
    }
  }
  return encoder
}

type Grouping = (options: {
  readonly topic: string
  readonly partitionMetadata: readonly unknown[]
  readonly messages: readonly Message[]
  readonly partitioner: (options: object) => number
}) => Record<number, Message[]>

const groupByPartition: Grouping = ({ topic, partitionMetadata, messages, partitioner }) => {
  const groups: Record<number, Message[]> = {}
  if (partitionMetadata.length === 0) return groups
  for (const message of messages) {
    const partition = partitioner({ topic, partitionMetadata, message })
    const group = groups[partition]
    if (group === undefined) groups[partition] = [message]
    else group.push(message)
  }
  return groups
}

const grouping = 'producer/groupMessagesPerPartition'
internals(grouping)
require.cache[require.resolve(`kafkajs/src/${grouping}`)]!.exports = groupByPartition

const kafkajs = require('kafkajs') as typeof import('kafkajs')

export const {
  AssignerProtocol,
  CompressionCodecs,
  CompressionTypes,
  ConfigResourceTypes,
  ConfigSource,
  Kafka,
  logLevel,
} = kafkajs
