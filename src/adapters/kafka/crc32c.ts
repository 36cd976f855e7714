/** CRC-32C (Castagnoli, reflected polynomial 0x82f63b78), as Kafka's record batches carry it. */
const POLYNOMIAL = 0x82f63b78
const SLICES = 8

/**
 * TABLES[256 k + b] is what byte b does to the remainder k bytes further on, so that eight bytes are taken at a time
 * ("slicing by eight", Kounavis and Berry 2008): three times as fast as one byte after the other.
 */
const TABLES = new Int32Array(256 * SLICES)
for (let byte = 0; byte < 256; byte++) {
  let remainder = byte
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? POLYNOMIAL : 0)
  TABLES[byte] = remainder
}
for (let i = 256; i < TABLES.length; i++) {
  const before = TABLES[i - 256]!
  TABLES[i] = (before >>> 8) ^ TABLES[before & 0xff]!
}

/** Of `bytes[from, to)`, unsigned. */
export function crc32c(bytes: Uint8Array, from = 0, to = bytes.length): number {
  const T = TABLES
  let crc = -1
  let i = from
  for (const end = to - 7; i < end; i += 8) {
    const low = crc ^ (bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24))
    crc =
      T[1792 + (low & 0xff)]! ^
      T[1536 + ((low >>> 8) & 0xff)]! ^
      T[1280 + ((low >>> 16) & 0xff)]! ^
      T[1024 + (low >>> 24)]! ^
      T[768 + bytes[i + 4]!]! ^
      T[512 + bytes[i + 5]!]! ^
      T[256 + bytes[i + 6]!]! ^
      T[bytes[i + 7]!]!
  }
  for (; i < to; i++) crc = T[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8)
  return ~crc >>> 0
}
