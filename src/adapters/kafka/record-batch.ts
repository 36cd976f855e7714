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
/** What no codec can pack becomes at most so much longer: snappy's worst case is a sixth. */
const COMPRESSED_AT_WORST = 7 / 6

/** A record as kafkajs takes it; its time stamp may also be a number, so that nobody has to spell it out for each. */
export type OutgoingMessage = Omit<Message, 'timestamp'> & {
  readonly timestamp?: string | number | undefined
}

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

/** Upper bound of the bytes of a batch of these messages; compressed ones may be longer than plain ones. */
export function roomForBatch(messages: readonly OutgoingMessage[], compressed: boolean): number {
  let room = HEADER_BYTES
  for (const message of messages) room += roomOf(message)
  return compressed ? Math.ceil(room * COMPRESSED_AT_WORST) + HEADER_BYTES : room
}

/**
 * Writes one batch of all the messages, in their order, to `bytes[at, …)`, which has the room.
 * @returns the position behind it
 */
export async function writeRecordBatch(
  bytes: Buffer,
  at: number,
  messages: readonly OutgoingMessage[],
  producing: Producing,
): Promise<number> {
  const { compress } = producing
  const writer = new RecordWriter(bytes, at + HEADER_BYTES, messages, producing.now)
  if (compress === undefined) writeHeader(bytes, at, writer.end, writer, producing)
  else {
    const packed = await compress(bytes.subarray(at + HEADER_BYTES, writer.end))
    bytes.set(packed, at + HEADER_BYTES)
    writer.end = at + HEADER_BYTES + packed.length
    writeHeader(bytes, at, writer.end, writer, producing)
  }
  return writer.end
}

function writeHeader(
  bytes: Buffer,
  at: number,
  end: number,
  { count, first, latest }: RecordWriter,
  { codec, transactional, producerId, producerEpoch, baseSequence }: Producing,
): void {
  bytes.writeBigInt64BE(0n, at)
  bytes.writeInt32BE(end - at - 12, at + 8)
  bytes.writeInt32BE(0, at + 12)
  bytes.writeInt8(MAGIC, at + 16)
  bytes.writeInt16BE(codec | (transactional ? TRANSACTIONAL : 0), at + ATTRIBUTES_AT)
  bytes.writeInt32BE(count - 1, at + 23)
  bytes.writeBigInt64BE(BigInt(first), at + 27)
  bytes.writeBigInt64BE(BigInt(latest), at + 35)
  bytes.writeBigInt64BE(producerId, at + 43)
  bytes.writeInt16BE(producerEpoch, at + 51)
  bytes.writeInt32BE(baseSequence, at + 53)
  bytes.writeInt32BE(count, at + 57)
  bytes.writeUInt32BE(crc32c(bytes, at + ATTRIBUTES_AT, end), at + CRC_AT)
}

/** Writes the records of a batch from `end` on, which moves behind them. */
class RecordWriter {
  readonly count: number
  /** Time stamps of the first record, and the latest of all. */
  readonly first: number
  latest = -Infinity

  constructor(
    private readonly bytes: Buffer,
    public end: number,
    messages: readonly OutgoingMessage[],
    private readonly now: number,
  ) {
    this.count = messages.length
    this.first = this.#timestamp(messages[0]!)
    for (let i = 0; i < messages.length; i++) this.#record(messages[i]!, i)
  }

  #timestamp({ timestamp }: OutgoingMessage): number {
    return timestamp === undefined ? this.now : Number(timestamp)
  }

  #record(message: OutgoingMessage, i: number): void {
    const key = asBuffer(message.key)
    const value = asBuffer(message.value)
    const timestamp = this.#timestamp(message)
    if (timestamp > this.latest) this.latest = timestamp
    const delta = timestamp - this.first
    const { headers } = message
    let size = 1 + sizeOfVarint(delta) + sizeOfVarint(i) + sizeOfBytes(key) + sizeOfBytes(value)
    let count = 0
    for (const name in headers) {
      const given = headers[name]
      const values = Array.isArray(given) ? given.length : 1
      count += values
      for (let v = 0; v < values; v++) {
        size += sizeOfBytes(nameOf(name)) + sizeOfBytes(asBuffer(Array.isArray(given) ? given[v] : given))
      }
    }
    size += sizeOfVarint(count)
    this.#varint(size)
    this.bytes[this.end++] = 0
    this.#varint(delta)
    this.#varint(i)
    this.#blob(key)
    this.#blob(value)
    this.#varint(count)
    for (const name in headers) {
      const given = headers[name]
      const values = Array.isArray(given) ? given.length : 1
      for (let v = 0; v < values; v++) {
        this.#blob(nameOf(name))
        this.#blob(asBuffer(Array.isArray(given) ? given[v] : given))
      }
    }
  }

  #blob(content: Buffer | null): void {
    if (content === null) {
      this.#varint(-1)
      return
    }
    this.#varint(content.length)
    this.bytes.set(content, this.end)
    this.end += content.length
  }

  #varint(value: number): void {
    if (value >= -0x40000000 && value < 0x40000000) {
      let rest = (value << 1) ^ (value >> 31)
      for (; rest > 0x7f; rest >>>= 7) this.bytes[this.end++] = (rest & 0x7f) | 0x80
      this.bytes[this.end++] = rest
      return
    }
    let rest = zigzag64(value)
    for (; rest > 0x7fn; rest >>= 7n) this.bytes[this.end++] = Number(rest & 0x7fn) | 0x80
    this.bytes[this.end++] = Number(rest)
  }
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

function roomOf({ key, value, headers }: OutgoingMessage): number {
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
