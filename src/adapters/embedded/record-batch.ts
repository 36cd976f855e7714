/**
 * Record batches: what the log stores under one key. Packing many records into one value is what makes the log
 * fast, since LMDB's cost is per value. Format version 1, little-endian:
 *
 *   batch    magic u8 (0x54) | version u8 (1) | 0 u16 | record …
 *   record   timestamp f64 | keyLength i32 (−1: null) | valueLength i32 (−1: null) | headersLength u32
 *            | key | value | headers
 *   headers  absent when there are none, else: count u16 | header …
 *   header   nameLength u16 | name (UTF-8) | valueLength u32 | value
 *
 * The number of records, their time range, the time of arrival and the checksum stand in the batch index
 * (`log-store.ts`), so that batches can be skipped and deleted without being read.
 */
import { crc32 } from 'node:zlib'
import { BrokerError } from '../../ports/broker.js'
import type { LogRecord, OutboundRecord, RecordHeaders } from '../../ports/broker.js'
import { assertFormat } from './errors.js'

export const MAX_RECORD_BYTES = 8 * 1024 * 1024
/** What a pipeline settles may be larger: a dead letter is a record that was taken, and headers on top of it. */
export const MAX_SETTLED_BYTES = MAX_RECORD_BYTES + 64 * 1024
const TARGET_BATCH_BYTES = 256 * 1024
const MAX_BATCH_RECORDS = 4096
const MAGIC = 0x54
const VERSION = 1
const BATCH_HEADER = 4
const RECORD_HEADER = 20
/** Also the limit of the 16-bit counts and lengths in the headers. */
const MAX_UINT16 = 0xffff

export interface EncodedBatch {
  readonly bytes: Buffer
  readonly count: number
  readonly minTimestamp: number
  readonly maxTimestamp: number
  readonly checksum: number
}

/** Packs the records of one partition, in their order. Throws `BrokerError('too-large')` before anything is stored. */
export function encodeBatches(
  records: readonly OutboundRecord[],
  now: number,
  most = MAX_RECORD_BYTES,
): EncodedBatch[] {
  const batches: EncodedBatch[] = []
  let from = 0
  let size = BATCH_HEADER
  records.forEach((record, i) => {
    const recordSize = sizeOf(record, most)
    if (i > from && (size + recordSize > TARGET_BATCH_BYTES || i - from === MAX_BATCH_RECORDS)) {
      batches.push(encodeBatch(records, from, i, size, now))
      from = i
      size = BATCH_HEADER
    }
    size += recordSize
  })
  if (records.length > from) batches.push(encodeBatch(records, from, records.length, size, now))
  return batches
}

function sizeOf(record: OutboundRecord, most: number): number {
  const size =
    RECORD_HEADER +
    (record.key?.length ?? 0) +
    (record.value?.length ?? 0) +
    (record.headers === undefined ? 0 : headersSize(record.headers))
  if (size > most) {
    throw new BrokerError(
      'too-large',
      `A record for topic ${record.topic} has ${size} bytes; the embedded log takes at most ${most}.`,
    )
  }
  return size
}

function encodeBatch(
  records: readonly OutboundRecord[],
  from: number,
  to: number,
  size: number,
  now: number,
): EncodedBatch {
  const bytes = Buffer.allocUnsafeSlow(size)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, MAGIC)
  view.setUint8(1, VERSION)
  view.setUint16(2, 0)
  let minTimestamp = Infinity
  let maxTimestamp = -Infinity
  let at = BATCH_HEADER
  for (let i = from; i < to; i++) {
    const { key, value, headers, timestamp = now } = records[i] as OutboundRecord
    if (timestamp < minTimestamp) minTimestamp = timestamp
    if (timestamp > maxTimestamp) maxTimestamp = timestamp
    const headersLength = headers === undefined ? 0 : headersSize(headers)
    view.setFloat64(at, timestamp, true)
    view.setInt32(at + 8, key === null ? -1 : key.length, true)
    view.setInt32(at + 12, value === null ? -1 : value.length, true)
    view.setUint32(at + 16, headersLength, true)
    at += RECORD_HEADER
    if (key !== null) {
      bytes.set(key, at)
      at += key.length
    }
    if (value !== null) {
      bytes.set(value, at)
      at += value.length
    }
    if (headers !== undefined && headersLength > 0) {
      writeHeaders(headers, bytes, at)
      at += headersLength
    }
  }
  return { bytes, count: to - from, minTimestamp, maxTimestamp, checksum: crc32(bytes) }
}

function headersSize(headers: RecordHeaders): number {
  const entries = Object.entries(headers)
  if (entries.length === 0) return 0
  let size = 2
  for (const [name, value] of entries) {
    const nameLength = Buffer.byteLength(name)
    if (nameLength > MAX_UINT16 || entries.length > MAX_UINT16) {
      throw new BrokerError(
        'too-large',
        `A record has more than ${MAX_UINT16} headers, or a name longer than that.`,
      )
    }
    size += 6 + nameLength + value.length
  }
  return size
}

function writeHeaders(headers: RecordHeaders, bytes: Buffer, start: number): void {
  const entries = Object.entries(headers)
  let at = bytes.writeUInt16LE(entries.length, start)
  for (const [name, value] of entries) {
    const nameLength = bytes.write(name, at + 2)
    bytes.writeUInt16LE(nameLength, at)
    at = bytes.writeUInt32LE(value.length, at + 2 + nameLength)
    bytes.set(value, at)
    at += value.length
  }
}

function readHeaders(bytes: Buffer, start: number): RecordHeaders {
  // Pairs, not assignment: a header may be called `__proto__`.
  const entries: [string, Uint8Array][] = []
  let at = start + 2
  for (let count = bytes.readUInt16LE(start); count > 0; count--) {
    const valueAt = at + 2 + bytes.readUInt16LE(at) + 4
    const valueLength = bytes.readUInt32LE(valueAt - 4)
    entries.push([
      bytes.toString('utf8', at + 2, valueAt - 4),
      bytes.subarray(valueAt, valueAt + valueLength),
    ])
    at = valueAt + valueLength
  }
  return Object.fromEntries(entries)
}

/** Walks one batch from its start. Keys, values and headers are views on `bytes`, which nobody writes to again. */
export class BatchCursor {
  #at = BATCH_HEADER
  readonly #view: DataView

  constructor(
    private readonly bytes: Buffer,
    /** Offset of the record the cursor stands before. */
    public offset: number,
    private readonly end: number,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (this.#view.getUint8(0) !== MAGIC) {
      throw new BrokerError('corrupt', 'A record batch of the embedded log does not begin as one does.')
    }
    assertFormat('A record batch of the embedded log', this.#view.getUint8(1), VERSION)
  }

  get done(): boolean {
    return this.offset >= this.end
  }

  skipTo(offset: number): void {
    const target = Math.min(offset, this.end)
    for (; this.offset < target; this.offset++) this.#at += this.#recordSize()
  }

  next(): LogRecord {
    const at = this.#at
    const timestamp = this.#view.getFloat64(at, true)
    const keyLength = this.#view.getInt32(at + 8, true)
    const valueLength = this.#view.getInt32(at + 12, true)
    const headersLength = this.#view.getUint32(at + 16, true)
    const keyAt = at + RECORD_HEADER
    const valueAt = keyLength > 0 ? keyAt + keyLength : keyAt
    const headersAt = valueLength > 0 ? valueAt + valueLength : valueAt
    const key = keyLength < 0 ? null : this.bytes.subarray(keyAt, valueAt)
    const value = valueLength < 0 ? null : this.bytes.subarray(valueAt, headersAt)
    const offset = this.offset++
    this.#at = headersAt + headersLength
    if (headersLength === 0) return { offset, timestamp, key, value }
    return { offset, timestamp, key, value, headers: readHeaders(this.bytes, headersAt) }
  }

  #recordSize(): number {
    const keyLength = this.#view.getInt32(this.#at + 8, true)
    const valueLength = this.#view.getInt32(this.#at + 12, true)
    return (
      RECORD_HEADER +
      Math.max(keyLength, 0) +
      Math.max(valueLength, 0) +
      this.#view.getUint32(this.#at + 16, true)
    )
  }
}
