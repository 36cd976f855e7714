/**
 * States of the series of one partition, as one group sees it. Format version 1, little-endian; a key is
 *
 *   group-topic id u32 | partition u32 (big-endian) | tag u8 | …
 *     tag 0  the partition's own state (`Snapshot.meta`), stored as it is
 *     tag 1  series, UTF-8, where that takes at most 128 bytes
 *     tag 2  SHA-256 of the series in UTF-16, for the others, and for names that are not valid Unicode
 *
 * and a row is  version u8 (1) | encoding of the series u8 (0: UTF-8, 1: UTF-16) | length of the model u16
 *               | length of the series u32 | offset f64 | CRC-32 of all that follows u32 | series | model | bytes
 */
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { BrokerError } from '../../ports/broker.js'
import type { StateRow } from '../../ports/broker.js'
import { assertFormat } from './errors.js'
import { partitionKey } from './keys.js'
import type { PartitionRef } from './keys.js'

const VERSION = 1
const HEADER_BYTES = 20
const MAX_PLAIN_NAME = 128
const NOT_UNICODE = /\p{Surrogate}/u

const META_TAG = 0
const PLAIN_TAG = 1
const HASHED_TAG = 2

export interface EncodedRow {
  readonly key: Buffer
  readonly value: Buffer
}

export function metaKey(partition: PartitionRef): Buffer {
  return Buffer.concat([partitionKey(partition), Buffer.of(META_TAG)])
}

/** Whether a key among the states is that of a series. */
export function isRowKey(key: Uint8Array): boolean {
  return key[8] === PLAIN_TAG || key[8] === HASHED_TAG
}

/** The keys of all rows of a partition lie between these two. */
export function rowKeyRange(partition: PartitionRef): { start: Buffer; end: Buffer } {
  const prefix = partitionKey(partition)
  return {
    start: Buffer.concat([prefix, Buffer.of(PLAIN_TAG)]),
    end: Buffer.concat([prefix, Buffer.of(HASHED_TAG + 1)]),
  }
}

export function rowKey(partition: PartitionRef, series: string): Buffer {
  const length = series.length <= MAX_PLAIN_NAME ? Buffer.byteLength(series) : Infinity
  if (length <= MAX_PLAIN_NAME && !NOT_UNICODE.test(series)) {
    const key = Buffer.allocUnsafe(9 + length)
    key.writeUInt32BE(partition.id, 0)
    key.writeUInt32BE(partition.partition, 4)
    key[8] = PLAIN_TAG
    key.write(series, 9)
    return key
  }
  const hash = createHash('sha256').update(Buffer.from(series, 'utf16le')).digest()
  return Buffer.concat([partitionKey(partition), Buffer.of(HASHED_TAG), hash])
}

/** All rows share one buffer: thousands of small allocations cost more than copying. */
export function encodeRows(partition: PartitionRef, rows: readonly StateRow[]): EncodedRow[] {
  const encodings = rows.map(({ series }) => encodingOf(series))
  const lengths = rows.map(
    (row, i) =>
      HEADER_BYTES +
      Buffer.byteLength(row.series, encodings[i]) +
      Buffer.byteLength(row.model) +
      row.bytes.length,
  )
  const all = Buffer.allocUnsafeSlow(lengths.reduce((sum, length) => sum + length, 0))
  let at = 0
  return rows.map((row, i) => {
    const value = all.subarray(at, at + (lengths[i] ?? 0))
    at += value.length
    const seriesLength = value.write(row.series, HEADER_BYTES, encodings[i])
    const modelLength = value.write(row.model, HEADER_BYTES + seriesLength)
    value.set(row.bytes, HEADER_BYTES + seriesLength + modelLength)
    value.writeUInt8(VERSION, 0)
    value.writeUInt8(encodings[i] === 'utf8' ? 0 : 1, 1)
    value.writeUInt16LE(modelLength, 2)
    value.writeUInt32LE(seriesLength, 4)
    value.writeDoubleLE(row.offset, 8)
    value.writeUInt32LE(crc32(value.subarray(HEADER_BYTES)), 16)
    return { key: rowKey(partition, row.series), value }
  })
}

function encodingOf(series: string): 'utf8' | 'utf16le' {
  return NOT_UNICODE.test(series) ? 'utf16le' : 'utf8'
}

export function decodeRow(value: Buffer): StateRow {
  if (value.byteLength === 0) throw new BrokerError('corrupt', 'The state of a series is empty.')
  assertFormat('The state of a series', value.readUInt8(0), VERSION)
  if (value.byteLength < HEADER_BYTES) throw new BrokerError('corrupt', 'The state of a series is cut off.')
  const modelAt = HEADER_BYTES + value.readUInt32LE(4)
  const bytesAt = modelAt + value.readUInt16LE(2)
  const series = value.toString(value.readUInt8(1) === 0 ? 'utf8' : 'utf16le', HEADER_BYTES, modelAt)
  if (crc32(value.subarray(HEADER_BYTES)) !== value.readUInt32LE(16)) {
    throw new BrokerError(
      'corrupt',
      `The state of series ${series.slice(0, 100)} in the embedded log is damaged.`,
    )
  }
  return {
    series,
    offset: value.readDoubleLE(8),
    model: value.toString('utf8', modelAt, bytesAt),
    bytes: value.subarray(bytesAt),
  }
}
