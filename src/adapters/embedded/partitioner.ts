/**
 * Kafka's default choice of a partition (murmur2 of the key, sign bit cleared), so that a series lands in the
 * partition it would have in Kafka and a log can be copied from one to the other without moving series.
 */
export function partitionOfKey(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions
}

/** MurmurHash2, 32 bit, with the seed Kafka uses. Returns a signed integer as in Java. */
export function murmur2(data: Uint8Array): number {
  const m = 0x5bd1e995
  const length = data.length
  let h = 0x9747b28c ^ length
  let i = 0
  for (; i + 4 <= length; i += 4) {
    // Little-endian; a view for each key would cost more than all of the hash.
    const word = data[i]! | (data[i + 1]! << 8) | (data[i + 2]! << 16) | (data[i + 3]! << 24)
    let k = Math.imul(word, m)
    k ^= k >>> 24
    h = Math.imul(h, m) ^ Math.imul(k, m)
  }
  const rest = length - i
  if (rest >= 3) h ^= data[i + 2]! << 16
  if (rest >= 2) h ^= data[i + 1]! << 8
  if (rest >= 1) h = Math.imul(h ^ data[i]!, m)
  h ^= h >>> 13
  h = Math.imul(h, m)
  return h ^ (h >>> 15)
}
