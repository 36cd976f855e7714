import { BrokerError } from '../../../ports/broker.js'

/** Most that the records of one batch may take up unpacked: a small batch must not be able to fill the memory. */
export const MAX_UNPACKED_BYTES = 256 * 1024 * 1024

export function damaged(codec: string, what: string): BrokerError {
  return new BrokerError('corrupt', `A batch packed with ${codec} ${what}.`)
}

export function assertBounded(codec: string, bytes: number): void {
  if (bytes <= MAX_UNPACKED_BYTES) return
  throw damaged(codec, `would take ${bytes} bytes unpacked; at most ${MAX_UNPACKED_BYTES} are taken`)
}

/** What Java's clients put around blocks of Snappy; others send one block as it is. */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const XERIAL_HEADER_BYTES = 16

/** The blocks of Snappy in a packed batch, and how many bytes they take unpacked. */
export function snappyBlocks(packed: Buffer): Buffer[] {
  const blocks: Buffer[] = []
  if (!packed.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) blocks.push(packed)
  else {
    for (let at = XERIAL_HEADER_BYTES; at < packed.length;) {
      const from = at + 4
      const to = from + (from <= packed.length ? packed.readUInt32BE(at) : 0)
      if (to > packed.length || to <= from) throw damaged('snappy', 'is cut off')
      blocks.push(packed.subarray(from, to))
      at = to
    }
  }
  assertBounded(
    'snappy',
    blocks.reduce((sum, block) => sum + snappyLength(block), 0),
  )
  return blocks
}

/** A block begins with its length unpacked, seven bits a byte, the lowest first (google/snappy, format_description.txt). */
function snappyLength(block: Buffer): number {
  let length = 0
  for (let i = 0; i < 5; i++) {
    const byte = block[i] ?? 0
    length += (byte & 0x7f) * 2 ** (7 * i)
    if (byte < 0x80) break
  }
  return length
}

const LZ4_MAGIC = 0x184d2204

/**
 * Upper bound of what an LZ4 frame takes unpacked: its number of blocks, each at most of the size that its header names
 * (lz4/doc/lz4_Frame_format.md).
 */
export function lz4Bound(frame: Buffer): number {
  if (frame.length < 7 || frame.readUInt32LE(0) !== LZ4_MAGIC) throw damaged('lz4', 'has no LZ4 frame')
  const flags = frame[4]!
  const blockBytes = 2 ** (8 + 2 * ((frame[5]! >> 4) & 7))
  const checksum = (flags & 0x10) === 0 ? 0 : 4
  let at = 7 + ((flags & 0x08) === 0 ? 0 : 8) + ((flags & 0x01) === 0 ? 0 : 4)
  for (let blocks = 0; at + 4 <= frame.length; blocks++) {
    const size = frame.readUInt32LE(at) & 0x7fffffff
    if (size === 0) return blocks * blockBytes
    at += 4 + size + checksum
  }
  throw damaged('lz4', 'is cut off')
}

const ZSTD_MAGIC = 0xfd2fb528
const ZSTD_BLOCK_BYTES = 128 * 1024
const ZSTD_RLE = 1

/**
 * Upper bound of what a Zstandard frame takes unpacked: the size it names, and where it names none its number of blocks
 * (RFC 8878, 3.1.1).
 */
export function zstdBound(frame: Buffer): number {
  if (frame.length < 6 || frame.readUInt32LE(0) !== ZSTD_MAGIC)
    throw damaged('zstd', 'has no Zstandard frame')
  const descriptor = frame[4]!
  const singleSegment = (descriptor & 0x20) !== 0
  const sizeBytes = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!
  let at = 5 + (singleSegment ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]!
  if (at + sizeBytes > frame.length) throw damaged('zstd', 'is cut off')
  if (sizeBytes === 8) return Number(frame.readBigUInt64LE(at))
  if (sizeBytes > 0) return frame.readUIntLE(at, sizeBytes) + (sizeBytes === 2 ? 256 : 0)
  let blocks = 0
  for (let last = false; !last && at + 3 <= frame.length; blocks++) {
    const header = frame.readUIntLE(at, 3)
    last = (header & 1) === 1
    at += 3 + (((header >> 1) & 3) === ZSTD_RLE ? 1 : header >> 3)
  }
  return blocks * ZSTD_BLOCK_BYTES
}
