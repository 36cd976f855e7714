import assert from 'node:assert/strict'
import { test } from 'node:test'
import avsc from 'avsc'
import fc from '../support/properties.js'
import { quantileField, type Forecast, type ForecastForm } from '../../src/core/forecast/format.js'
import { ForecastReader } from '../../src/core/forecast/read.js'
import { avroSchema, forecastSchema } from '../../src/core/forecast/schemas.js'
import { forecastWriter } from '../../src/core/forecast/writer.js'
import { FRAME_BYTES, frameOf, type SchemaLookup } from '../../src/core/value-format.js'

const HOUR = 3_600_000
const ID = 70_000

interface Made {
  readonly series: string
  readonly origin: number
  /** [horizon, quantiles] */
  readonly numbers: readonly number[]
  readonly scale: number
}

function formOf(
  output: ForecastForm['encoding']['output'],
  format: ForecastForm['publish']['format'],
  rest: Partial<ForecastForm> = {},
): ForecastForm {
  const quantiles = [0.025, 0.5, 0.975]
  const name = 'näme "1"'
  return {
    ...{ name, interval: HOUR, horizon: 4, quantiles, encoding: { output }, publish: { format } },
    ...rest,
  }
}

function written(form: ForecastForm, made: readonly Made[]): Uint8Array[] {
  const writer = forecastWriter(form, form.encoding.output === 'json' ? new Uint8Array() : frameOf(ID))
  return made.flatMap(({ series, origin, numbers, scale }) => {
    const head = writer.head(series)
    const forecast = Float64Array.from(numbers)
    return Array.from({ length: writer.records }, (_, i) =>
      writer.write(head, origin, 'gru@3', forecast, scale, i),
    )
  })
}

function lookupOf(form: ForecastForm): SchemaLookup {
  return (id) => Promise.resolve(id === ID ? { ...forecastSchema(form)!, references: [] } : null)
}

async function readBack(form: ForecastForm, values: readonly Uint8Array[]): Promise<Forecast[]> {
  const reader = new ForecastReader(form, lookupOf(form))
  await reader.prepare(values.map((value) => ({ value })))
  return values.flatMap((value) => reader.read(value) ?? [])
}

const finite = fc.double({ noNaN: true, min: -1e15, max: 1e15 })
const forecasts: fc.Arbitrary<Made> = fc.record({
  series: fc.string({ minLength: 1, unit: 'binary' }),
  origin: fc.integer({ min: -(10 ** 12), max: 4 * 10 ** 12 }),
  numbers: fc.array(finite, { minLength: 12, maxLength: 12 }),
  scale: fc.oneof(fc.double({ min: 1e-12, max: 1e12, noNaN: true }), fc.constant(0)),
})

test('a forecast says the same, to the last digit, in every encoding and format', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(forecasts, { minLength: 1, maxLength: 3 }), async (made) => {
      const plain = formOf('json', 'wide')
      const expected = await readBack(plain, written(plain, made))
      assert.equal(expected.length, made.length)
      for (const output of ['json', 'avro', 'json-schema'] as const) {
        for (const format of ['wide', 'long'] as const) {
          const form = formOf(output, format)
          assert.deepEqual(await readBack(form, written(form, made)), expected, `${output} ${format}`)
        }
      }
    }),
    { numRuns: 300 },
  )
})

const MADE: Made = { series: 's', origin: HOUR, numbers: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], scale: 1 }

test('another reader finds a forecast in Avro, its times as times, its levels by name', () => {
  const form = formOf('avro', 'wide')
  const [value] = written(form, [MADE])
  assert.deepEqual([...value!.subarray(0, FRAME_BYTES)], [0, 0, 1, 17, 112])
  const type = avsc.Type.forSchema(JSON.parse(avroSchema(form)) as avsc.Schema)
  assert.equal(type.name, 'tidecast.Forecast')
  assert.deepEqual(plain(type.fromBuffer(Buffer.from(value!.subarray(FRAME_BYTES)))), {
    ...{ pipeline: 'näme "1"', series: 's', origin: HOUR, interval: 'PT1H', horizon: 4, model: 'gru@3' },
    quantiles: { 0.025: [1, 4, 7, 10], 0.5: [2, 5, 8, 11], 0.975: [3, 6, 9, 12] },
  })
})

test('in the long format there is a record for each step, with its time and a field for each level', () => {
  const rows = written(formOf('json', 'long'), [MADE]).map(
    (value) => JSON.parse(Buffer.from(value).toString()) as unknown,
  )
  const common = { pipeline: 'näme "1"', series: 's', origin: '1970-01-01T01:00:00.000Z', model: 'gru@3' }
  assert.deepEqual(
    rows,
    [1, 2, 3, 4].map((step) => ({
      ...{ ...common, target: `1970-01-01T0${1 + step}:00:00.000Z`, step },
      ...{ q2_5: 3 * step - 2, q50: 3 * step - 1, q97_5: 3 * step },
    })),
  )
  const form = formOf('avro', 'long', { interval: 0 })
  const type = avsc.Type.forSchema(JSON.parse(avroSchema(form)) as avsc.Schema)
  assert.deepEqual(
    written(form, [MADE]).map((value) => plain(type.fromBuffer(Buffer.from(value.subarray(FRAME_BYTES))))),
    [1, 2, 3, 4].map((step) => ({
      ...{ pipeline: 'näme "1"', series: 's', origin: HOUR, target: null, step, model: 'gru@3' },
      ...{ q2_5: 3 * step - 2, q50: 3 * step - 1, q97_5: 3 * step },
    })),
  )
})

test('after a change of levels, readers of old and new understand the records of the other', () => {
  const old = formOf('avro', 'long')
  const changed = formOf('avro', 'long', { quantiles: [0.1, 0.5, 0.9] })
  for (const [from, to, missing] of [
    [old, changed, 'q10'],
    [changed, old, 'q2_5'],
  ] as const) {
    const writer = avsc.Type.forSchema(JSON.parse(avroSchema(from)) as avsc.Schema)
    const reader = avsc.Type.forSchema(JSON.parse(avroSchema(to)) as avsc.Schema)
    const [value] = written(from, [MADE])
    const bytes = Buffer.from(value!.subarray(FRAME_BYTES))
    const row = reader.fromBuffer(bytes, reader.createResolver(writer)) as Record<string, unknown>
    assert.deepEqual([row['q50'], row[missing]], [2, null])
  }
})

test('of a forecast whose first steps are not there, and of what is no forecast, nothing is read', async () => {
  const form = formOf('avro', 'long')
  const second = { ...MADE, origin: 2 * HOUR }
  const all = written(form, [MADE, second])
  const torn = [...all.slice(2, 4), Buffer.from('no forecast'), Buffer.alloc(0), ...all.slice(4)]
  assert.deepEqual(
    (await readBack(form, torn)).map(({ origin }) => origin),
    ['1970-01-01T02:00:00.000Z'],
  )
  const gap = [...all.slice(0, 2), all[3]!, ...all.slice(4)]
  assert.equal((await readBack(form, gap)).length, 1)
})

test('steps of several series may be mixed', async () => {
  const form = formOf('json', 'long')
  const [a, b] = ['a', 'b'].map((series) => written(form, [{ ...MADE, series }]))
  const mixed = a!.flatMap((row, i) => [row, b![i]!])
  assert.deepEqual(
    (await readBack(form, mixed)).map(({ series }) => series),
    ['a', 'b'],
  )
})

test('a level is named by its percentage', () => {
  assert.deepEqual([0.1, 0.07, 0.5, 0.975, 0.001, 0.9999].map(quantileField), [
    ...['q10', 'q7', 'q50', 'q97_5', 'q0_1', 'q99_99'],
  ])
})

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}
