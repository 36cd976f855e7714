import assert from 'node:assert/strict'
import { test } from 'node:test'
import avsc from 'avsc'
import fc from '../../support/properties.js'
import { readAvro, wantedOf } from '../../../src/core/avro/read.js'
import { AvroError, parseAvroSchema } from '../../../src/core/avro/schema.js'
import { AvroWriter } from '../../../src/core/avro/write.js'

/** A schema with a generator of its values, as avsc takes them and as they are read. */
interface Sample {
  readonly schema: unknown
  readonly value: fc.Arbitrary<unknown>
}

let names = 0
const simple: fc.Arbitrary<Sample> = fc.constantFrom<Sample[]>(
  { schema: 'null', value: fc.constant(null) },
  { schema: 'boolean', value: fc.boolean() },
  { schema: 'int', value: fc.integer() },
  { schema: 'long', value: fc.maxSafeInteger().map((n) => Math.trunc(n / 2) || 0) },
  { schema: 'double', value: fc.double({ noNaN: true }) },
  { schema: 'float', value: fc.float({ noNaN: true }) },
  { schema: 'string', value: fc.string({ unit: 'grapheme' }) },
)

const { schemas } = fc.letrec<{ schemas: Sample }>((tie) => ({
  schemas: fc.oneof(
    { maxDepth: 3 },
    simple,
    tie('schemas').map(({ schema, value }) => ({
      schema: { type: 'array', items: schema },
      value: fc.array(value, { maxLength: 4 }).filter((items) => schema !== 'null' || items.length < 4),
    })),
    tie('schemas').map(({ schema, value }) => ({
      schema: { type: 'map', values: schema },
      value: fc.dictionary(
        fc.string().filter((key) => key !== '__proto__'),
        value,
        { maxKeys: 4 },
      ),
    })),
    fc.array(tie('schemas'), { maxLength: 4 }).map((fields) => ({
      schema: {
        type: 'record',
        name: `r${names++}`,
        fields: fields.map(({ schema }, i) => ({ name: `f${i}`, type: schema })),
      },
      value: fc.record(Object.fromEntries(fields.map(({ value }, i) => [`f${i}`, value]))),
    })),
    fc.constantFrom('int' as const, 'double' as const, 'string' as const).map((name) => ({
      schema: ['null', name],
      value: fc.option<unknown>(
        { int: fc.integer(), double: fc.double({ noNaN: true }), string: fc.string() }[name],
      ),
    })),
  ),
}))

const samples = schemas.chain(({ schema, value }) => fc.tuple(fc.constant(schema), value))
const plain = (value: unknown): unknown => structuredClone(value)

test('what avsc writes is read, and avsc reads what is written', () => {
  fc.assert(
    fc.property(samples, ([schema, value]) => {
      const witness = avsc.Type.forSchema(schema as avsc.Schema, { wrapUnions: false })
      const type = parseAvroSchema(JSON.stringify(schema))
      const theirs = witness.toBuffer(value)
      assert.deepEqual(plain(readAvro(type, theirs, 0, true)), plain(value))
      const ours = new AvroWriter(type).write(value, new Uint8Array(0))
      assert.deepEqual(plain(witness.fromBuffer(ours)), plain(value))
      // What is stepped over ends where what is read does.
      const around = parseAvroSchema(
        JSON.stringify({
          type: 'record',
          name: 'around',
          fields: [
            { name: 'x', type: schema },
            { name: 'y', type: 'int' },
          ],
        }),
      )
      const both = new AvroWriter(around).write({ x: value, y: 7 }, new Uint8Array(3))
      assert.deepEqual(readAvro(around, both, 3, wantedOf([['y']])), { y: 7 })
    }),
    { numRuns: 500 },
  )
})

test('whatever the bytes, reading ends soon, with a value or an error of its own', () => {
  const begun = performance.now()
  fc.assert(
    fc.property(schemas, fc.uint8Array({ maxLength: 60 }), fc.boolean(), ({ schema }, bytes, whole) => {
      const type = parseAvroSchema(JSON.stringify(schema))
      try {
        readAvro(type, bytes, 0, whole ? true : wantedOf([['f0', 'f0']]))
      } catch (error) {
        assert.ok(error instanceof AvroError, String(error))
      }
    }),
    { numRuns: 3000 },
  )
  assert.ok(performance.now() - begun < 20_000)
})

test('a few bytes cannot ask for billions of items', () => {
  // avsc 5.7.9 runs out of memory here, and the process with it.
  const items = parseAvroSchema('{"type":"array","items":"null"}')
  assert.throws(() => readAvro(items, Uint8Array.of(0xfe, 0xff, 0xff, 0xff, 0x0f, 0), 0, true), AvroError)
  const nested = parseAvroSchema(
    '{"type":"record","name":"n","fields":[{"name":"next","type":["null","n"]}]}',
  )
  assert.throws(() => readAvro(nested, new Uint8Array(10_000).fill(2), 0, true), /too deeply/)
  assert.throws(
    () => readAvro(nested, new Uint8Array(10_000).fill(2), 0, wantedOf([['other']])),
    /too deeply/,
  )
})

test('times are milliseconds, decimals numbers, integers beyond 2^53 exact', () => {
  const read = (schema: object, value: unknown, avro: unknown = schema): unknown =>
    readAvro(
      parseAvroSchema(JSON.stringify(schema)),
      avsc.Type.forSchema(avro as avsc.Schema).toBuffer(value),
      0,
      true,
    )
  const at = Date.UTC(2026, 0, 1, 12)
  assert.equal(read({ type: 'long', logicalType: 'timestamp-millis' }, at), at)
  assert.equal(read({ type: 'long', logicalType: 'timestamp-micros' }, at * 1000 + 250), at + 0.25)
  assert.equal(read({ type: 'long', logicalType: 'local-timestamp-micros' }, at * 1000), at)
  assert.equal(read({ type: 'int', logicalType: 'date' }, 20_000), 20_000 * 86_400_000)
  const wide = avsc.types.LongType.__with({
    fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
    toBuffer: (value: bigint) => {
      const buffer = Buffer.alloc(8)
      buffer.writeBigInt64LE(value)
      return buffer
    },
    fromJSON: BigInt,
    toJSON: String,
    isValid: (value: unknown) => typeof value === 'bigint',
    compare: (a: bigint, b: bigint) => Number(a - b),
  })
  for (const value of [2n ** 63n - 1n, -(2n ** 63n), 2n ** 60n + 1n]) {
    assert.equal(readAvro({ kind: 'long' }, wide.toBuffer(value), 0, true), value)
  }
  const nanos = wide.toBuffer(BigInt(at) * 1_000_000n)
  assert.equal(
    readAvro(parseAvroSchema('{"type":"long","logicalType":"timestamp-nanos"}'), nanos, 0, true),
    at,
  )
  const decimal = parseAvroSchema('{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}')
  assert.equal(readAvro(decimal, Uint8Array.of(4, 0xcf, 0xc7), 0, true), -123.45)
})

test('types are found by their names, also in other schemas, and a schema that is none is refused', () => {
  const referring =
    '{"type":"record","name":"a.Reading","fields":[{"name":"x","type":"b.Value"},{"name":"y","type":"Own"}]}'
  const references = [
    '{"type":"record","name":"Value","namespace":"b","fields":[{"name":"v","type":"double"}]}',
    '{"type":"enum","name":"a.Own","symbols":["ON","OFF"]}',
  ]
  const type = parseAvroSchema(referring, references)
  const bytes = new AvroWriter(type).write({ x: { v: 1.5 }, y: 'OFF' }, new Uint8Array(0))
  assert.deepEqual(readAvro(type, bytes, 0, true), { x: { v: 1.5 }, y: 'OFF' })
  for (const wrong of [
    '{',
    '{"type":"record"}',
    '"Nobody"',
    '{"type":"record","name":"r","fields":[{"name":"__proto__","type":"int"}]}',
    '[1]',
  ]) {
    assert.throws(() => parseAvroSchema(wrong), AvroError, wrong)
  }
  assert.throws(() => parseAvroSchema('['.repeat(1000) + ']'.repeat(1000)), /too deeply/)
})
