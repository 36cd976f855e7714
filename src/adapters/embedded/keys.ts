/**
 * Binary keys. Numbers are big-endian, so that LMDB's byte order is their order.
 *
 *   partition  topic id u32 | partition u32
 *   batch      topic id u32 | partition u32 | base offset u64
 */

/** One partition of a topic, or of a topic as one group sees it. */
export interface PartitionRef {
  /** Number of the topic, or of the group and topic, in this log. */
  readonly id: number
  readonly partition: number
}

export const FIRST_OFFSET = 0
export const AFTER_LAST_OFFSET = Number.MAX_SAFE_INTEGER

const TWO_32 = 2 ** 32

export function partitionKey({ id, partition }: PartitionRef): Buffer {
  const key = Buffer.allocUnsafe(8)
  key.writeUInt32BE(id, 0)
  key.writeUInt32BE(partition, 4)
  return key
}

export function batchKey({ id, partition }: PartitionRef, offset: number): Buffer {
  const key = Buffer.allocUnsafe(16)
  key.writeUInt32BE(id, 0)
  key.writeUInt32BE(partition, 4)
  key.writeUInt32BE(Math.floor(offset / TWO_32), 8)
  key.writeUInt32BE(offset % TWO_32, 12)
  return key
}

export function offsetOfBatchKey(key: Uint8Array): number {
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength)
  return view.getUint32(8) * TWO_32 + view.getUint32(12)
}
