import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { crc32c } from '../../../src/adapters/kafka/crc32c.js'
import { roomForBatch, writeRecordBatch } from '../../../src/adapters/kafka/record-batch.js'
import type { OutgoingMessage } from '../../../src/adapters/kafka/record-batch.js'
import { committedRecords, offsetAfter } from '../../../src/adapters/kafka/committed-records.js'
import { batchReader, readRecord } from '../../../src/adapters/kafka/read-record.js'
import type { BatchDecoder } from '../../../src/adapters/kafka/read-record.js'
import { seeded } from '../../support/run-options.js'

interface Decoded {
  readonly producerId: string
  readonly producerEpoch: number
  readonly firstSequence: number
  readonly lastOffsetDelta: number
  readonly inTransaction: boolean
  readonly maxTimestamp: string
  readonly records: readonly {
    readonly offset: string
    readonly timestamp: string
    readonly key: Buffer | null
    readonly value: Buffer | null
    readonly headers: Record<string, unknown>
  }[]
}

/** kafkajs's own decoder, which knows nothing of how the batch was made. */
const require = createRequire(import.meta.url)
const Decoder = require('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => object
const decodeBatch = require('kafkajs/src/protocol/recordBatch/v0/decoder') as (d: object) => Promise<Decoded>

const PLAIN = {
  codec: 0,
  transactional: true,
  producerId: 7_000_000_000n,
  producerEpoch: 3,
  baseSequence: 41,
  now: 1_700_000_000_000,
}

/** In the room it asks for, and not at its start, as in a request. */
async function batchOf(messages: readonly OutgoingMessage[]): Promise<Buffer> {
  const bytes = Buffer.alloc(BEFORE + roomForBatch(messages, false))
  const end = await writeRecordBatch(bytes, BEFORE, messages, PLAIN)
  return bytes.subarray(BEFORE, end)
}

const BEFORE = 17

test('the checksum is that of the standard, for every length and start', () => {
  // Check value of CRC-32C in the catalogue of parametrised CRC algorithms: of the digits 1 to 9.
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283)
  const bytes = Buffer.from(Array.from({ length: 64 }, (_, i) => (i * 89 + 7) & 0xff))
  for (let from = 0; from < 10; from++) {
    for (let to = from; to <= bytes.length; to++)
      assert.equal(crc32c(bytes, from, to), bitByBit(bytes, from, to))
  }
})

function bitByBit(bytes: Uint8Array, from: number, to: number): number {
  let crc = 0xffffffff
  for (let i = from; i < to; i++) {
    crc ^= bytes[i]!
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  return (crc ^ 0xffffffff) >>> 0
}

test('a batch reads back as it was given: nulls, long records, headers, times far apart in any order', async () => {
  const messages: OutgoingMessage[] = [
    { key: null, value: null, timestamp: '1700000000000' },
    { key: Buffer.from(''), value: Buffer.from('é'), timestamp: 0 },
    { key: 'text', value: 'x'.repeat(100_000), timestamp: '253402300799999' },
    { key: Buffer.from('k'), value: Buffer.from('v') },
    {
      value: 'v',
      timestamp: '1699999999999',
      headers: { a: 'b', c: Buffer.from('d'), e: ['f', 'g'], ü: '' },
    },
  ]
  const batch = await batchOf(messages)
  assert.equal(batch.readUInt32BE(17), bitByBit(batch, 21, batch.length))
  const decoded = await decodeBatch(new Decoder(batch))
  assert.equal(decoded.producerId, '7000000000')
  assert.equal(decoded.producerEpoch, 3)
  assert.equal(decoded.firstSequence, 41)
  assert.equal(decoded.lastOffsetDelta, 4)
  assert.equal(decoded.inTransaction, true)
  assert.equal(decoded.maxTimestamp, '253402300799999')
  assert.deepEqual(
    decoded.records.map(({ key, value, timestamp }) => [
      key?.toString(),
      value?.toString().slice(0, 3),
      timestamp,
    ]),
    [
      [undefined, undefined, '1700000000000'],
      ['', 'é', '0'],
      ['text', 'xxx', '253402300799999'],
      ['k', 'v', '1700000000000'],
      [undefined, 'v', '1699999999999'],
    ],
  )
  assert.equal(decoded.records[2]!.value!.length, 100_000)
  const headers = decoded.records[4]!.headers
  assert.deepEqual(
    Object.entries(headers).map(([name, value]) => [name, String(value)]),
    [
      ['a', 'b'],
      ['c', 'd'],
      ['e', 'f,g'],
      ['ü', ''],
    ],
  )
})

test('any batch reads back as it was given', async (t) => {
  const { random } = seeded(t)
  for (let round = 0; round < 50; round++) {
    const bytes = (): Buffer | null =>
      random.uniform() < 0.1
        ? null
        : Buffer.alloc(Math.floor(random.uniform() ** 4 * 20_000), Math.floor(random.uniform() * 256))
    const messages = Array.from({ length: 1 + Math.floor(random.uniform() * 200) }, () => ({
      key: bytes(),
      value: bytes(),
      timestamp: String(Math.floor(random.uniform() * 2 ** (random.uniform() < 0.5 ? 8 : 42))),
    }))
    const { records } = await decodeBatch(new Decoder(await batchOf(messages)))
    assert.deepEqual(
      records.map(({ key, value, timestamp }) => ({ key, value, timestamp })),
      messages,
    )
    assert.deepEqual(
      records.map(({ offset }) => Number(offset)),
      messages.map((_, i) => i),
    )
  }
})

test('records read as kafkajs itself reads them; of a header given several times the last counts', async (t) => {
  const { random } = seeded(t)
  const theirs = require('kafkajs/src/protocol/recordBatch/record/v0/decoder') as (
    decoder: object,
    batch: object,
  ) => { readonly offset: string; readonly timestamp: string; readonly headers: Record<string, unknown> }
  const times = [-1, 0, 1, 63, -64, 2 ** 31, -(2 ** 31), 2 ** 42]
  for (let round = 0; round < 200; round++) {
    const message = {
      key: random.uniform() < 0.2 ? null : Buffer.alloc(Math.floor(random.uniform() * 200), 7),
      value: random.uniform() < 0.2 ? null : Buffer.alloc(Math.floor(random.uniform() * 20_000), 9),
      timestamp: 1_700_000_000_000 + times[round % times.length]!,
      ...(round % 3 === 0 ? { headers: { one: 'ü', two: ['a', 'b'], ['__proto__']: 'own' } } : {}),
    }
    const bytes = await batchOf([{ value: 'first', timestamp: 1_700_000_000_000 }, message])
    const record = lastRecordOf(bytes)
    const context = {
      firstOffset: '9007199254740000',
      lastOffsetDelta: 1,
      firstTimestamp: '1700000000000',
      maxTimestamp: '1700000000001',
      timestampType: round % 5 === 0 ? 1 : 0,
      producerId: '7',
      inTransaction: true,
      isControlBatch: false,
    }
    const expected = theirs(new Decoder(record), context)
    const { offset, timestamp, key, value, headers = {} } = readRecord({ buffer: record }, context)
    assert.deepEqual(
      { offset: String(offset), timestamp: String(timestamp), key, value },
      { offset: expected.offset, timestamp: expected.timestamp, key: message.key, value: message.value },
    )
    assert.deepEqual(
      Object.entries(headers).map(([name, content]) => `${name}=${String(content)}`),
      round % 3 === 0 ? ['one=ü', 'two=b', '__proto__=own'] : [],
    )
    for (let cut = 1; cut < Math.min(record.length, 20); cut++) {
      assert.throws(() => readRecord({ buffer: record.subarray(0, cut) }, context), RangeError)
    }
  }
})

/** Of two; its bytes without their length. */
function lastRecordOf(batch: Buffer): Buffer {
  const HEADER = 61
  const length = (at: number): { readonly end: number; readonly value: number } => {
    let value = 0
    for (let i = 0; ; i++) {
      value += (batch[at + i]! & 0x7f) * 2 ** (7 * i)
      if (batch[at + i]! < 0x80) return { end: at + i + 1, value: value / 2 }
    }
  }
  const first = length(HEADER)
  return batch.subarray(length(first.end + first.value).end)
}

test('a batch that compaction has emptied brings no record, and says where to read on', async () => {
  const bytes = await batchOf([{ key: null, value: Buffer.from('gone') }])
  const emptied = Buffer.from(bytes.subarray(0, RECORDS_AT))
  emptied.writeBigInt64BE(1000n, 0)
  emptied.writeInt32BE(RECORDS_AT - LENGTH_FIELD_END, 8)
  emptied.writeInt32BE(41, DELTA_AT)
  emptied.writeInt32BE(0, RECORDS_AT - 4)
  const { records } = await batchReader(decodeBatch as unknown as BatchDecoder)(new Decoder(emptied))
  const fetched = { highWatermark: '2000', abortedTransactions: null, messages: records }
  assert.deepEqual(committedRecords(fetched, 1000), [])
  assert.equal(offsetAfter(fetched, 1000), 1042)
  assert.equal(offsetAfter({ ...fetched, messages: [] }, 1000), 1000)
})

/** Where the fields of a batch lie: offset i64 | length i32 | epoch i32 | magic i8 | CRC i32 | attributes i16 | last offset delta i32 … records. */
const LENGTH_FIELD_END = 12
const DELTA_AT = 23
const RECORDS_AT = 61
