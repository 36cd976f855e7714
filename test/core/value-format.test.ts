import assert from 'node:assert/strict'
import { test } from 'node:test'
import avsc from 'avsc'
import fc from '../support/properties.js'
import { Decoder, REJECT_REASONS, type DecodeOptions } from '../../src/core/decode.js'
import type { InputEncoding, RegisteredSchema } from '../../src/core/value-format.js'

const ARRIVAL = Date.UTC(2026, 0, 1)
const FIELDS = { series: '', ts: 'ts', value: 'value' }
const LIMITS = { minValue: -1e9, maxValue: 1e9, maxAhead: 1000, maxKeyBytes: 64, maxValueBytes: 2000 }

const READING = {
  type: 'record',
  name: 'Reading',
  fields: [
    { name: 'note', type: ['null', 'string'] },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    {
      name: 'meter',
      type: {
        type: 'record',
        name: 'Meter',
        fields: [
          { name: 'id', type: 'long' },
          { name: 'reading', type: ['null', 'double', 'int'] },
        ],
      },
    },
    { name: 'tags', type: { type: 'map', values: 'string' } },
  ],
} as const
const witness = avsc.Type.forSchema(READING as unknown as avsc.Schema)

const schemas = new Map<number, RegisteredSchema>([
  [7, { type: 'avro', text: JSON.stringify(READING), references: [] }],
  [8, { type: 'json-schema', text: '{}', references: [] }],
  [9, { type: 'avro', text: '{"type":"nothing"}', references: [] }],
])

function decoder(input: InputEncoding, fields = FIELDS): { decoder: Decoder; asked: number[] } {
  const asked: number[] = []
  const options: DecodeOptions = { encoding: { input }, fields, limits: LIMITS, symbols: { maxLength: 64 } }
  const lookup = (id: number): Promise<RegisteredSchema | null> => {
    asked.push(id)
    return Promise.resolve(schemas.get(id) ?? null)
  }
  return { decoder: new Decoder(options, lookup), asked }
}

function framed(id: number, bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(id, 1)
  return Buffer.concat([head, bytes])
}

const AVRO_FIELDS = { series: 'meter.id', ts: 'at', value: 'meter.reading' }
const reading = (id: number, at: number, value: unknown) =>
  framed(7, witness.toBuffer({ note: 'n', at, meter: { id, reading: value }, tags: { a: 'b' } }))

test('an observation in Avro is found along the same paths as in JSON', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0 }),
      fc.integer({ min: 0, max: ARRIVAL }),
      fc.option(
        fc.oneof(
          fc.double({ min: -1e9, max: 1e9, noNaN: true }).map((double) => ({ double: double || 0 })),
          fc.integer({ min: -1e9, max: 1e9 }).map((int) => ({ int })),
        ),
      ),
      async (id, at, value) => {
        const { decoder: avro } = decoder('avro', AVRO_FIELDS)
        const bytes = reading(id, at, value)
        await avro.prepare([{ value: bytes }])
        assert.equal(avro.decode(null, bytes, ARRIVAL), null, avro.detail)
        const { decoder: json } = decoder('json', AVRO_FIELDS)
        const number = value === null ? null : Object.values(value)[0]
        const text = JSON.stringify({ at, meter: { id, reading: number } })
        assert.equal(json.decode(null, Buffer.from(text), ARRIVAL), null)
        assert.deepEqual(avro.out, json.out)
      },
    ),
  )
})

test('a schema is asked for once, before the batch, and not again', async () => {
  const { decoder: avro, asked } = decoder('avro', AVRO_FIELDS)
  const value = reading(1, 0, null)
  const records = [{ value }, { value: null }, { value }, { value: Buffer.from('{}') }]
  await avro.prepare(records)
  assert.equal(avro.prepare(records), undefined)
  assert.deepEqual(asked, [7])
})

test('a value whose schema cannot be used is rejected, and says so; one unknown is asked for again', async () => {
  const { decoder: avro, asked } = decoder('avro', AVRO_FIELDS)
  for (const [id, detail] of [
    [6, /schema 6: not in the registry/],
    [8, /of type json-schema/],
    [9, /nothing/],
  ] as const) {
    const value = framed(id, new Uint8Array(3))
    await avro.prepare([{ value }])
    assert.equal(avro.decode(Buffer.from('k'), value, ARRIVAL), 'unknown-schema')
    assert.match(avro.detail, detail)
  }
  await avro.prepare([6, 8, 9].map((id) => ({ value: framed(id, new Uint8Array(0)) })))
  assert.deepEqual(asked, [6, 8, 9, 6])
  assert.equal(avro.decode(Buffer.from('k'), Buffer.from('{"ts":1}'), ARRIVAL), 'undecodable')
})

test('a registry that cannot be asked is not an answer', async () => {
  const options: DecodeOptions = {
    encoding: { input: 'avro' },
    fields: AVRO_FIELDS,
    limits: LIMITS,
    symbols: { maxLength: 64 },
  }
  const down = new Decoder(options, () => Promise.reject(new Error('down')))
  await assert.rejects(async () => down.prepare([{ value: reading(1, 0, null) }]), /down/)
})

test('JSON behind a schema id is read as JSON', async () => {
  const { decoder: json } = decoder('json-schema')
  const value = framed(8, Buffer.from('{"ts":5,"value":1.5}'))
  await json.prepare([{ value }])
  assert.equal(json.decode(Buffer.from('k'), value, ARRIVAL), null)
  assert.deepEqual(json.out, { series: 'k', ts: 5, value: 1.5 })
})

test('a raw value is a number, its key the series, its time that of the record', () => {
  const { decoder: raw } = decoder('raw', { series: 'x', ts: 'y', value: 'z' })
  const read = (text: string) => raw.decode(Buffer.from('k'), Buffer.from(text), 5) ?? { ...raw.out }
  for (const [text, value] of [
    ['1.5', 1.5],
    [' -2e3\n', -2000],
    ['.5', 0.5],
    ['null', NaN],
    ['', NaN],
    ['NaN', NaN],
  ] as const) {
    assert.deepEqual(read(text), { series: 'k', ts: 5, value })
  }
  for (const text of ['one', '0x10', '1,5', '1 2', 'Infinity']) assert.equal(read(text), 'bad-value', text)
  assert.equal(read('1e300'), 'out-of-range')
  assert.equal(raw.decode(null, Buffer.from('1'), 5), 'missing-series')
  const { decoder: double } = decoder('raw-double')
  const bytes = Buffer.alloc(8)
  fc.assert(
    fc.property(fc.double({ min: -1e9, max: 1e9 }), (value) => {
      bytes.writeDoubleBE(value)
      assert.equal(double.decode(Buffer.from('k'), bytes, 5), null)
      assert.deepEqual(double.out, { series: 'k', ts: 5, value })
    }),
  )
  assert.equal(double.decode(Buffer.from('k'), Buffer.from('1.5'), 5), 'undecodable')
})

for (const input of ['avro', 'json-schema', 'raw', 'raw-double'] as const) {
  test(`whatever the bytes, the outcome is an observation within the limits or a reason (${input})`, async () => {
    const wild = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.uint8Array({ maxLength: 60 }).map((bytes) => framed(7, bytes)),
      fc.tuple(fc.nat(), fc.nat(), fc.nat(255)).map(([at, place, byte]) => {
        const bytes = reading(1, at, { double: 1 })
        bytes[place % bytes.length] = byte
        return bytes
      }),
    )
    await fc.assert(
      fc.asyncProperty(wild, async (value) => {
        const { decoder: any } = decoder(input, AVRO_FIELDS)
        await any.prepare([{ value }])
        const reason = any.decode(Buffer.from('k'), value, ARRIVAL)
        if (reason !== null) {
          assert.ok((REJECT_REASONS as readonly string[]).includes(reason))
          assert.notEqual(any.detail, '')
          return
        }
        const { series, ts, value: number } = any.out
        assert.ok(series !== '' && Number.isSafeInteger(ts) && (number !== number || Math.abs(number) <= 1e9))
      }),
      { numRuns: 1000 },
    )
  })
}
