import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressed, sendsOf, type Addressed } from '../../../src/adapters/kafka/sends.js'

const record = (topic: string, partition: number, key: number, bytes = 10): Addressed =>
  addressed(topic, partition, { key: Buffer.from(String(key)), value: Buffer.alloc(bytes) })

const sends = (records: readonly Addressed[]) =>
  [...sendsOf(records)].map(({ topic, messages }) => ({
    topic,
    partitions: [...new Set(messages.map(({ partition }) => partition))],
    keys: messages.map(({ key }) => Number(key)),
  }))

test('a send is for one partition, whose records keep their order', () => {
  const records = [
    record('a', 0, 1),
    record('b', 0, 2),
    record('a', 0, 3),
    record('a', 1, 4),
    record('a', 0, 5),
  ]
  assert.deepEqual(sends(records), [
    { topic: 'a', partitions: [0], keys: [1, 3, 5] },
    { topic: 'b', partitions: [0], keys: [2] },
    { topic: 'a', partitions: [1], keys: [4] },
  ])
  assert.deepEqual(sends([]), [])
})

test('what is too large for one send takes several, of which none is larger than Kafka takes', () => {
  const records = Array.from({ length: 7 }, (_, key) => record('a', 0, key, 300_000))
  records.push(record('a', 0, 7, 990_000), record('a', 0, 8))
  assert.deepEqual(
    sends(records).map(({ keys }) => keys),
    [[0, 1], [2, 3], [4, 5], [6], [7], [8]],
  )
})
