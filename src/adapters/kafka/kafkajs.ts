import { createRequire } from 'node:module'
import type { Message } from 'kafkajs'
import { batchReader, readRecord } from './read-record.js'
import type { BatchDecoder } from './read-record.js'
import { roomForBatch, writeRecordBatch } from './record-batch.js'

/**
 * kafkajs, with five of its functions replaced. Four took most of the time of its requests: it groups messages by partition
 * in quadratic time, encodes each value of a record into a buffer of its own, copies a request four times over before it
 * is sent, and makes a dozen objects of each record that it reads; of emptied batches it says nothing. Here a produce request is written once, into the buffer
 * that is sent. All else (what is sent when, sequence numbers, transactions, retries) stays as it is. The version is
 * pinned; `docs/decisions/0041-kafka-speed.md` says more.
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

interface Protocol {
  readonly request: object
  readonly response: unknown
}

/** A request whose first bytes are left free for its header; to kafkajs itself, one of its encoders. */
class WithRoom {
  readonly buffer: Buffer

  constructor(readonly buf: Buffer) {
    this.buffer = buf
  }
}

interface Request {
  readonly correlationId: number
  readonly clientId: string | null
  readonly request: {
    readonly apiKey: number
    readonly apiVersion: number
    /** @param room bytes that the header will take; kafkajs's own take no notice of it */
    readonly encode: (room: number) => Promise<WithRoom | { readonly buffer: Buffer }>
  }
}

interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>
}

if (require.resolve('kafkajs') in require.cache)
  throw new Error('kafkajs was loaded before its functions were replaced: import it from here')

const internals = (path: string): unknown => require(`kafkajs/src/${path}`)

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
    return { request: { ...original, encode: (room = 0) => encodeProduce(request, room) }, response }
  }
}

async function encodeProduce(request: ProduceRequest, room: number): Promise<WithRoom> {
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
  let size = room + 12 + lengthOf(transactionalId)
  for (const { topic, partitions } of topicData) {
    size += 6 + lengthOf(topic)
    for (const { messages } of partitions) size += 8 + roomForBatch(messages, codec !== null)
  }
  const bytes = Buffer.allocUnsafe(size)
  let at = writeString(bytes, room, transactionalId)
  at = bytes.writeInt16BE(acks, at)
  at = bytes.writeInt32BE(timeout, at)
  at = bytes.writeInt32BE(topicData.length, at)
  for (const { topic, partitions } of topicData) {
    at = writeString(bytes, at, topic)
    at = bytes.writeInt32BE(partitions.length, at)
    for (const { partition, messages, firstSequence = 0 } of partitions) {
      const start = bytes.writeInt32BE(partition, at) + 4
      const end = await writeRecordBatch(bytes, start, messages, {
        ...producing,
        baseSequence: firstSequence,
      })
      bytes.writeInt32BE(end - start, start - 4)
      at = end
    }
  }
  return new WithRoom(bytes.subarray(0, at))
}

/** Size i32 | API key i16 | API version i16 | correlation id i32 | client id, before what a request says. */
async function createRequest({
  correlationId,
  clientId,
  request,
}: Request): Promise<{ readonly buffer: Buffer }> {
  const room = 14 + lengthOf(clientId)
  const payload = await request.encode(room)
  const bytes =
    payload instanceof WithRoom ? payload.buffer : Buffer.concat([Buffer.allocUnsafe(room), payload.buffer])
  bytes.writeInt32BE(bytes.length - 4, 0)
  bytes.writeInt16BE(request.apiKey, 4)
  bytes.writeInt16BE(request.apiVersion, 6)
  bytes.writeInt32BE(correlationId, 8)
  writeString(bytes, 12, clientId)
  return { buffer: bytes }
}

function lengthOf(text: string | null): number {
  return text === null ? 0 : Buffer.byteLength(text)
}

function writeString(bytes: Buffer, at: number, text: string | null): number {
  bytes.writeInt16BE(text === null ? -1 : Buffer.byteLength(text), at)
  return at + 2 + (text === null ? 0 : bytes.write(text, at + 2))
}

type Grouping = (options: {
  readonly topic: string
  readonly partitionMetadata: readonly { readonly partitionId: number }[]
  readonly messages: readonly Message[]
  readonly partitioner: (options: object) => number
}) => Record<number, Message[]>

const UNKNOWN_TOPIC_OR_PARTITION = 3

const groupByPartition: Grouping = ({ topic, partitionMetadata, messages, partitioner }) => {
  const groups: Record<number, Message[]> = {}
  if (partitionMetadata.length === 0) return groups
  for (const message of messages) {
    const partition = partitioner({ topic, partitionMetadata, message })
    const group = groups[partition]
    if (group === undefined) {
      // kafkajs would leave the message out without a word. So it asks for the topic's partitions again.
      if (!partitionMetadata.some(({ partitionId }) => partitionId === partition)) {
        throw createErrorFromCode(UNKNOWN_TOPIC_OR_PARTITION)
      }
      groups[partition] = [message]
    } else group.push(message)
  }
  return groups
}

/**
 * Before whoever asks for it is loaded. Where kafkajs was loaded already, by somebody else in this process, what has been
 * asked for stays as it was; the others get along with it.
 */
function replace(path: string, by: unknown): void {
  internals(path)
  require.cache[require.resolve(`kafkajs/src/${path}`)]!.exports = by
}

replace('producer/groupMessagesPerPartition', groupByPartition)
replace('protocol/request', createRequest)
replace('protocol/recordBatch/record/v0/decoder', readRecord)
replace(
  'protocol/recordBatch/v0/decoder',
  batchReader(internals('protocol/recordBatch/v0/decoder') as BatchDecoder),
)

const kafkajs = require('kafkajs') as typeof import('kafkajs')

/** What requests are written with that kafkajs has no definition of: a stretch of its own encoder. */
export interface WireEncoder {
  readonly buffer: Buffer
  writeBoolean(value: boolean): WireEncoder
  writeBuffer(value: Buffer): WireEncoder
  writeUVarInt(value: number): WireEncoder
  writeUVarIntString(value: string): WireEncoder
}

/** And what their answers are read with. */
export interface WireDecoder {
  readBytes(length: number): Buffer
  readInt16(): number
  readInt32(): number
  readUVarInt(): number
  readUVarIntString(): string | null
  readTaggedFields(): unknown
}

export const WireEncoder = internals('protocol/encoder') as new () => WireEncoder
export const WireDecoder = internals('protocol/decoder') as new (payload: Buffer) => WireDecoder
export const { createErrorFromCode } = internals('protocol/error') as {
  readonly createErrorFromCode: (code: number) => Error
}

export const {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  AssignerProtocol,
  CompressionCodecs,
  CompressionTypes,
  ConfigResourceTypes,
  ConfigSource,
  Kafka,
  logLevel,
  ResourcePatternTypes,
} = kafkajs
