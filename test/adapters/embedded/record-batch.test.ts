import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../support/properties.js'
import { murmur2, partitionOfKey } from '../../../src/adapters/embedded/partitioner.js'
import { BatchCursor, encodeBatches } from '../../../src/adapters/embedded/record-batch.js'
import type { LogRecord, OutboundRecord } from '../../../src/ports/broker.js'

const NOW = 1_700_000_000_000

const content = fc.option(fc.uint8Array({ maxLength: 40 }), { nil: null })
const outbound: fc.Arbitrary<OutboundRecord> = fc.record(
  {
    topic: fc.constant('t'),
    key: content,
    value: content,
    timestamp: fc.double({ noNaN: true }),
    headers: fc.dictionary(fc.string(), fc.uint8Array({ maxLength: 9 }), { maxKeys: 3 }),
  },
  { requiredKeys: ['topic', 'key', 'value'] },
)

function decode(records: readonly OutboundRecord[], from = 0): LogRecord[] {
  const decoded: LogRecord[] = []
  let base = 0
  for (const { bytes, count } of encodeBatches(records, NOW)) {
    const cursor = new BatchCursor(bytes, base, base + count)
    cursor.skipTo(from)
    while (!cursor.done) decoded.push(cursor.next())
    base += count
  }
  return decoded
}

test('records come out of a batch as they went in', () => {
  fc.assert(
    fc.property(fc.array(outbound, { maxLength: 50 }), fc.nat(60), (records, from) => {
      const expected = records.map(({ key, value, timestamp = NOW, headers = {} }, offset) => {
        const plain = { offset, timestamp, key: key && [...key], value: value && [...value] }
        const entries = Object.entries(headers).map(([name, bytes]) => [name, [...bytes]])
        return entries.length === 0 ? plain : { ...plain, headers: entries }
      })
      const decoded = decode(records, from).map(({ key, value, headers, ...rest }) => {
        const plain = { ...rest, key: key && [...key], value: value && [...value] }
        if (headers === undefined) return plain
        return { ...plain, headers: Object.entries(headers).map(([name, bytes]) => [name, [...bytes]]) }
      })
      assert.deepEqual(decoded, expected.slice(from))
    }),
  )
})

test('many or large records are split into batches of bounded size, whose time range is known', () => {
  const many = Array.from({ length: 10_000 }, (_, i): OutboundRecord => {
    return { topic: 't', key: null, value: null, timestamp: (i * 7919) % 10_000 }
  })
  const batches = encodeBatches(many, NOW)
  assert.deepEqual(
    batches.map(({ count }) => count),
    [4096, 4096, 1808],
  )
  let from = 0
  for (const { count, minTimestamp, maxTimestamp } of batches) {
    const stamps = many.slice(from, from + count).map(({ timestamp = NaN }) => timestamp)
    assert.deepEqual([minTimestamp, maxTimestamp], [Math.min(...stamps), Math.max(...stamps)])
    from += count
  }
  const large = Array.from({ length: 5 }, () => ({ topic: 't', key: null, value: new Uint8Array(200_000) }))
  assert.deepEqual(
    encodeBatches(large, NOW).map(({ count }) => count),
    [1, 1, 1, 1, 1],
  )
})

test('a batch of an unknown format is refused', () => {
  const [batch] = encodeBatches([{ topic: 't', key: null, value: null }], NOW)
  assert.ok(batch)
  batch.bytes[1] = 9
  assert.throws(() => new BatchCursor(batch.bytes, 0, 1), { code: 'newer-format' })
  batch.bytes[1] = 0
  assert.throws(() => new BatchCursor(batch.bytes, 0, 1), { code: 'corrupt' })
})

test('keys are hashed as by Kafka', () => {
  // Expected values: Kafka's org.apache.kafka.common.utils.UtilsTest#testMurmur2.
  const cases: readonly (readonly [string, number])[] = [
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ]
  for (const [key, hash] of cases) {
    assert.equal(murmur2(Buffer.from(key)), hash, key)
    assert.equal(partitionOfKey(Buffer.from(key), 12), (hash & 0x7fffffff) % 12)
  }
})
