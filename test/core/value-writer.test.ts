import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Decoder } from '../../src/core/decode.js'
import type { InputEncoding, RegisteredSchema } from '../../src/core/value-format.js'
import { UnfitValue, valueWriter, type SubjectSchema } from '../../src/core/value-writer.js'

const AT = Date.UTC(2026, 0, 1)
const LIMITS = { minValue: -1e9, maxValue: 1e9, maxAhead: 1000, maxKeyBytes: 64, maxValueBytes: 2000 }
const READING = {
  type: 'record',
  name: 'Reading',
  fields: [
    { name: 'note', type: ['null', 'string'], default: null },
    { name: 'ts', type: { type: 'long', logicalType: 'timestamp-micros' } },
    { name: 'value', type: ['null', 'double'] },
  ],
}
const subjects: Readonly<Partial<Record<InputEncoding, SubjectSchema>>> = {
  avro: { id: 7, schema: { type: 'avro', text: JSON.stringify(READING), references: [] } },
  'json-schema': { id: 8, schema: { type: 'json-schema', text: '{}', references: [] } },
}

for (const encoding of ['json', 'avro', 'json-schema', 'raw', 'raw-double'] as const) {
  test(`an observation in JSON is written so that a pipeline that reads ${encoding} finds it`, async () => {
    const subject = subjects[encoding] ?? null
    const write = valueWriter(encoding, subject)
    const fields = { series: '', ts: 'ts', value: 'value' }
    const lookup = (id: number): Promise<RegisteredSchema | null> =>
      Promise.resolve(id === subject?.id ? subject.schema : null)
    const options = { encoding: { input: encoding }, fields, limits: LIMITS, symbols: { maxLength: 64 } }
    const decoder = new Decoder(options, lookup)
    for (const [value, ts] of [
      [1.5, AT],
      [-0.1, new Date(AT).toISOString()],
      [null, AT],
    ] as const) {
      const written = write(JSON.stringify({ ts, value }))
      await decoder.prepare([written])
      assert.equal(decoder.decode(Buffer.from('a'), written.value, written.timestamp ?? AT + 500), null)
      assert.deepEqual(decoder.out, { series: 'a', ts: AT, value: value ?? NaN })
    }
  })
}

test('what the schema or the encoding does not hold is told with the reason', () => {
  const avro = valueWriter('avro', subjects.avro!)
  assert.throws(() => avro('{"ts":1}'), new UnfitValue('no field "value", which Reading asks for'))
  assert.throws(() => avro('{"ts":1,"value":"x"}'), new UnfitValue('string fits no branch of a union'))
  assert.throws(() => avro('5'), UnfitValue)
  const raw = valueWriter('raw', null)
  assert.deepEqual(raw('5'), { value: Buffer.from('5') })
  for (const wrong of ['"5"', '{"value":1}', '{"ts":-1,"value":1}', '{"ts":1,"value":"x"}', '[]', 'true']) {
    assert.throws(() => raw(wrong), UnfitValue)
  }
  assert.throws(() => valueWriter('avro', subjects['json-schema']!), /of type json-schema, not avro/)
  const broken = { ...subjects.avro!.schema, text: '{"type":"nothing"}' }
  assert.throws(() => valueWriter('avro', { id: 1, schema: broken }), UnfitValue)
})
