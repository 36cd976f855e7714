/**
 * Kafka's record batch, format 2, big-endian (Kafka protocol guide, "Record Batch"):
 *
 *   batch   baseOffset i64 | length i32 | partitionLeaderEpoch i32 | magic i8 (2) | crc u32 (CRC-32C of what follows)
 *           | attributes i16 | lastOffsetDelta i32 | firstTimestamp i64 | maxTimestamp i64 | producerId i64
 *           | producerEpoch i16 | baseSequence i32 | count i32 | record …
 *   record  length | attributes i8 | timestampDelta | offsetDelta | keyLength | key | valueLength | value
 *           | headerCount | (nameLength | name | valueLength | value) …
 *
 * All lengths, counts and deltas of a record are zigzag varints; −1 is the length of null.
 */
import type { Message } from 'kafkajs'
import { crc32c } from './crc32c.js'

const HEADER_BYTES = 61
const CRC_AT = 17
const ATTRIBUTES_AT = 21
const MAGIC = 2
const TRANSACTIONAL = 0x10
/** Upper bound of a record's varints and attributes. */
const RECORD_BYTES = 42
const HEADER_VARINTS = 10

export interface Producing {
  /** Written into the attributes; the records are compressed by `compress` where it is given. */
  readonly codec: number
  readonly compress?: (records: Buffer) => Promise<Buffer>
  readonly transactional: boolean
  /** −1 of a producer that is not idempotent. */
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly baseSequence: number
  /** Time stamp of messages that have none, ms. */
  readonly now: number
}

/** One batch of all the messages, in their order. */
export async function encodeRecordBatch(messages: readonly Message[], producing: Producing): Promise<Buffer> {
  const writer = new RecordWriter(messages, producing.now)
  if (producing.compress === undefined) return writer.finish(producing)
  const header = writer.bytes.subarray(0, HEADER_BYTES)
  const packed = await producing.compress(writer.bytes.subarray(HEADER_BYTES, writer.length))
  return writer.finish(producing, Buffer.concat([header, packed]))
}

class RecordWriter {
  readonly bytes: Buffer
  length = HEADER_BYTES
  readonly #first: number
  #latest = -Infinity

  constructor(
    private readonly messages: readonly Message[],
    private readonly now: number,
  ) {
    let room = HEADER_BYTES
    for (const message of messages) room += roomOf(message)
    this.bytes = Buffer.allocUnsafe(room)
    this.#first = this.#timestamp(messages[0]!)
    for (let i = 0; i < messages.length; i++) this.#record(messages[i]!, i)
  }

  finish(
    { codec, transactional, producerId, producerEpoch, baseSequence }: Producing,
    packed?: Buffer,
  ): Buffer {
    const batch = packed ?? this.bytes.subarray(0, this.length)
    batch.writeBigInt64BE(0n, 0)
    batch.writeInt32BE(batch.length - 12, 8)
    batch.writeInt32BE(0, 12)
    batch.writeInt8(MAGIC, 16)
    batch.writeInt16BE(codec | (transactional ? TRANSACTIONAL : 0), ATTRIBUTES_AT)
    batch.writeInt32BE(this.messages.length - 1, 23)
    batch.writeBigInt64BE(BigInt(this.#first), 27)
    batch.writeBigInt64BE(BigInt(this.#latest), 35)
    batch.writeBigInt64BE(producerId, 43)
    batch.writeInt16BE(producerEpoch, 51)
    batch.writeInt32BE(baseSequence, 53)
    batch.writeInt32BE(this.messages.length, 57)
    batch.writeUInt32BE(crc32c(batch, ATTRIBUTES_AT), CRC_AT)
    return batch
  }

  #timestamp(message: Message): number {
    return message.timestamp === undefined ? this.now : Number(message.timestamp)
  }

  #record(message: Message, i: number): void {
    const key = asBuffer(message.key)
    const value = asBuffer(message.value)
    const timestamp = this.#timestamp(message)
    if (timestamp > this.#latest) this.#latest = timestamp
    const delta = timestamp - this.#first
    const headers = message.headers === undefined ? NO_HEADERS : headersOf(message.headers)
    let size = 1 + sizeOfVarint(delta) + sizeOfVarint(i) + sizeOfVarint(headers.length)
    size += sizeOfBytes(key) + sizeOfBytes(value)
    for (const [name, content] of headers) size += sizeOfBytes(name) + sizeOfBytes(content)
    this.#varint(size)
    this.bytes[this.length++] = 0
    this.#varint(delta)
    this.#varint(i)
    this.#blob(key)
    this.#blob(value)
    this.#varint(headers.length)
    for (const [name, content] of headers) {
      this.#blob(name)
      this.#blob(content)
    }
  }

  #blob(content: Buffer | null): void {
    if (content === null) {
      this.#varint(-1)
      return
    }
    this.#varint(content.length)
    this.bytes.set(content, this.length)
    this.length += content.length
  }

  #varint(value: number): void {
    if (value >= -0x40000000 && value < 0x40000000) {
      let rest = (value << 1) ^ (value >> 31)
      for (; rest > 0x7f; rest >>>= 7) this.bytes[this.length++] = (rest & 0x7f) | 0x80
      this.bytes[this.length++] = rest
      return
    }
    let rest = zigzag64(value)
    for (; rest > 0x7fn; rest >>= 7n) this.bytes[this.length++] = Number(rest & 0x7fn) | 0x80
    this.bytes[this.length++] = Number(rest)
  }
}

type Header = readonly [name: Buffer, value: Buffer | null]
const NO_HEADERS: readonly Header[] = []

function headersOf(headers: NonNullable<Message['headers']>): readonly Header[] {
  const list: Header[] = []
  for (const name in headers) {
    const given = headers[name]
    const bytes = nameOf(name)
    if (!Array.isArray(given)) list.push([bytes, asBuffer(given)])
    else for (const value of given) list.push([bytes, asBuffer(value)])
  }
  return list
}

/** The same few names come with every record. */
const NAMES = new Map<string, Buffer>()
const MOST_NAMES = 100

function nameOf(name: string): Buffer {
  const known = NAMES.get(name)
  if (known !== undefined) return known
  const bytes = Buffer.from(name)
  if (NAMES.size < MOST_NAMES) NAMES.set(name, bytes)
  return bytes
}

function roomOf({ key, value, headers }: Message): number {
  let room = RECORD_BYTES + lengthOf(key) + lengthOf(value)
  for (const name in headers) {
    const given = headers[name]
    for (const content of Array.isArray(given) ? given : [given]) {
      room += HEADER_VARINTS + nameOf(name).length + lengthOf(content)
    }
  }
  return room
}

function lengthOf(content: Buffer | string | null | undefined): number {
  if (content === null || content === undefined) return 0
  return typeof content === 'string' ? Buffer.byteLength(content) : content.length
}

function asBuffer(content: Buffer | string | null | undefined): Buffer | null {
  if (content === null || content === undefined) return null
  return typeof content === 'string' ? Buffer.from(content) : content
}

function sizeOfBytes(content: Buffer | null): number {
  return content === null ? 1 : sizeOfVarint(content.length) + content.length
}

function sizeOfVarint(value: number): number {
  if (value >= -0x40000000 && value < 0x40000000) {
    const bits = 32 - Math.clz32(((value << 1) ^ (value >> 31)) | 1)
    return Math.ceil(bits / 7)
  }
  let size = 1
  for (let rest = zigzag64(value); rest > 0x7fn; rest >>= 7n) size++
  return size
}

function zigzag64(value: number): bigint {
  const wide = BigInt(value)
  return BigInt.asUintN(64, (wide << 1n) ^ (wide >> 63n))
}
