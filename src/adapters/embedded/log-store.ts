/**
 * Record batches under [topic id, partition, base offset], with an index entry beside each. Formats version 1,
 * little-endian:
 *
 *   partition    earliest offset f64 | end offset f64 | bytes of its batches f64
 *   index entry  version u8 (1) | 0 u24 | records u32 | smallest time stamp f64 | largest time stamp f64
 *                | time of arrival f64 | bytes of the batch u32 | CRC-32 of the batch u32
 *
 * Offsets are dense from 0. Methods that write must run inside `Environment.write`.
 */
import { crc32 } from 'node:zlib'
import { BrokerError } from '../../ports/broker.js'
import type { Environment } from './environment.js'
import { assertFormat } from './errors.js'
import { AFTER_LAST_OFFSET, FIRST_OFFSET, batchKey, offsetOfBatchKey, partitionKey } from './keys.js'
import type { PartitionRef } from './keys.js'
import type { EncodedBatch } from './record-batch.js'

const INDEX_VERSION = 1
const INDEX_BYTES = 40

export interface PartitionRow {
  readonly earliest: number
  readonly end: number
  readonly bytes: number
}

export interface IndexEntry {
  readonly baseOffset: number
  readonly count: number
  readonly minTimestamp: number
  readonly maxTimestamp: number
  readonly arrival: number
  readonly bytes: number
  readonly checksum: number
}

export class LogStore {
  constructor(private readonly environment: Environment) {}

  row(partition: PartitionRef): PartitionRow {
    const value = this.environment.partitions.get(partitionKey(partition))
    if (value === undefined) return { earliest: 0, end: 0, bytes: 0 }
    return { earliest: value.readDoubleLE(0), end: value.readDoubleLE(8), bytes: value.readDoubleLE(16) }
  }

  append(partition: PartitionRef, batches: readonly EncodedBatch[], arrival: number): void {
    const { index, log } = this.environment
    const { earliest, ...row } = this.row(partition)
    let { end, bytes } = row
    for (const batch of batches) {
      const key = batchKey(partition, end)
      log.putSync(key, batch.bytes)
      index.putSync(key, encodeEntry(batch, arrival))
      end += batch.count
      bytes += batch.bytes.length
    }
    this.#putRow(partition, { earliest, end, bytes })
  }

  /** The batch that holds `offset`, or the first one after it; `null` past the end. */
  locate(partition: PartitionRef, offset: number): IndexEntry | null {
    const { index } = this.environment
    // Reading in order, the wanted offset is nearly always the first of a batch.
    const exact = index.get(batchKey(partition, offset))
    if (exact !== undefined) return decodeEntry(offset, exact)
    // The bare partition sorts before all its batches; ends are exclusive.
    const before = this.#first({
      start: batchKey(partition, offset),
      end: partitionKey(partition),
      reverse: true,
    })
    if (before !== null && before.baseOffset + before.count > offset) return before
    return this.#first({ start: batchKey(partition, offset), end: batchKey(partition, AFTER_LAST_OFFSET) })
  }

  /** The batch's bytes, checked. `null` when retention has deleted it since it was located. */
  payload(partition: PartitionRef, entry: IndexEntry): Buffer | null {
    const bytes = this.environment.log.get(batchKey(partition, entry.baseOffset))
    if (bytes === undefined) return null
    if (bytes.byteLength !== entry.bytes || crc32(bytes) !== entry.checksum) {
      throw new BrokerError(
        'corrupt',
        `The embedded log in ${this.environment.dir} is damaged at topic ${partition.id}, partition ` +
          `${partition.partition}, offset ${entry.baseOffset}. Restore it from a backup.`,
      )
    }
    return bytes
  }

  dropOldest(partition: PartitionRef): void {
    const oldest = this.locate(partition, FIRST_OFFSET)
    if (oldest === null) return
    const key = batchKey(partition, oldest.baseOffset)
    this.environment.index.removeSync(key)
    this.environment.log.removeSync(key)
    const { end, bytes } = this.row(partition)
    this.#putRow(partition, { earliest: oldest.baseOffset + oldest.count, end, bytes: bytes - oldest.bytes })
  }

  #first(range: { start: Buffer; end: Buffer; reverse?: boolean }): IndexEntry | null {
    for (const { key, value } of this.environment.index.getRange({ ...range, limit: 1 })) {
      return decodeEntry(offsetOfBatchKey(key), value)
    }
    return null
  }

  #putRow(partition: PartitionRef, row: PartitionRow): void {
    const value = Buffer.allocUnsafe(24)
    value.writeDoubleLE(row.earliest, 0)
    value.writeDoubleLE(row.end, 8)
    value.writeDoubleLE(row.bytes, 16)
    this.environment.partitions.putSync(partitionKey(partition), value)
  }
}

function encodeEntry(batch: EncodedBatch, arrival: number): Buffer {
  const value = Buffer.alloc(INDEX_BYTES)
  value.writeUInt8(INDEX_VERSION, 0)
  value.writeUInt32LE(batch.count, 4)
  value.writeDoubleLE(batch.minTimestamp, 8)
  value.writeDoubleLE(batch.maxTimestamp, 16)
  value.writeDoubleLE(arrival, 24)
  value.writeUInt32LE(batch.bytes.length, 32)
  value.writeUInt32LE(batch.checksum, 36)
  return value
}

function decodeEntry(baseOffset: number, value: Buffer): IndexEntry {
  if (value.byteLength > 0) {
    assertFormat('The batch index of the embedded log', value.readUInt8(0), INDEX_VERSION)
  }
  if (value.byteLength !== INDEX_BYTES) {
    throw new BrokerError(
      'corrupt',
      `The batch index of the embedded log is damaged at offset ${baseOffset}.`,
    )
  }
  return {
    baseOffset,
    count: value.readUInt32LE(4),
    minTimestamp: value.readDoubleLE(8),
    maxTimestamp: value.readDoubleLE(16),
    arrival: value.readDoubleLE(24),
    bytes: value.readUInt32LE(32),
    checksum: value.readUInt32LE(36),
  }
}
