import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../support/properties.js'
import { Decoder, REJECT_REASONS, type DecodeOptions } from '../../src/core/decode.js'

const ARRIVAL = Date.UTC(2024, 0, 2)
const OPTIONS: DecodeOptions = {
  encoding: { input: 'json' },
  fields: { series: '', ts: 'ts', value: 'value' },
  limits: { minValue: -10, maxValue: 10, maxAhead: 1000, maxKeyBytes: 8, maxValueBytes: 200 },
  symbols: { maxLength: 5 },
}

function decode(value: unknown, key: string | Uint8Array | null = 'a', options: Partial<DecodeOptions> = {}) {
  const decoder = new Decoder({ ...OPTIONS, ...options })
  const written = typeof value === 'string' ? value : JSON.stringify(value)
  const reason = decoder.decode(key === null ? null : Buffer.from(key), Buffer.from(written), ARRIVAL)
  return reason ?? { ...decoder.out }
}

test('an observation is its key, time stamp and value; null is a value known to be missing', () => {
  assert.deepEqual(decode({ ts: '2024-01-01T00:00:00Z', value: 1.5 }), {
    series: 'a',
    ts: Date.UTC(2024, 0, 1),
    value: 1.5,
  })
  assert.deepEqual(decode({ ts: 1.9, value: null, covariates: { x: 1 } }), { series: 'a', ts: 1, value: NaN })
  assert.deepEqual(decode({ ts: -0.5, value: -0 }), { series: 'a', ts: -1, value: 0 })
})

test('fields are found where the configuration says', () => {
  const fields = { series: 'meta.id', ts: 'meta.at', value: 'reading.kW' }
  const value = { meta: { id: 7, at: 5 }, reading: { kW: 2 } }
  assert.deepEqual(decode(value, null, { fields }), { series: '7', ts: 5, value: 2 })
  assert.equal(decode({ ...value, meta: { at: 5 } }, 'a', { fields }), 'missing-series')
  // Nothing is found on prototypes.
  const inherited = { series: '', ts: 'toString', value: 'value' }
  assert.equal(decode({ value: 1 }, 'a', { fields: inherited }), 'missing-ts')
})

test('each thing that can be wrong has its reason', () => {
  const good = { ts: 5, value: 1 }
  for (const [reason, outcome] of [
    ['undecodable', decode('{')],
    ['undecodable', decode('')],
    ['undecodable', decode('7')],
    ['undecodable', decode('null')],
    ['undecodable', decode('{"ts":5,"value":NaN}')],
    ['undecodable', decode(good, Buffer.of(0xff))],
    ['undecodable', decode('['.repeat(150))],
    ['missing-series', decode(good, null)],
    ['missing-series', decode(good, '')],
    ['missing-ts', decode({ value: 1 })],
    ['missing-ts', decode({ ts: null, value: 1 })],
    ['missing-ts', decode([1])],
    ['bad-ts', decode({ ts: 'yesterday', value: 1 })],
    ['bad-ts', decode({ ts: true, value: 1 })],
    ['bad-ts', decode('{"ts":1e999,"value":1}')],
    ['bad-ts', decode({ ts: -8.64e15 - 1, value: 1 })],
    ['too-far-ahead', decode({ ts: ARRIVAL + 1001, value: 1 })],
    ['bad-value', decode({ ts: 5 })],
    ['bad-value', decode({ ts: 5, value: '1' })],
    ['bad-value', decode({ ts: 5, value: [1] })],
    ['out-of-range', decode({ ts: 5, value: 10.01 })],
    ['out-of-range', decode({ ts: 5, value: -11 })],
    ['out-of-range', decode('{"ts":5,"value":1e999}')],
    ['too-large', decode(good, 'ninebytes')],
    ['too-large', decode({ ...good, more: 'x'.repeat(200) })],
  ] as const) {
    assert.equal(outcome, reason)
  }
  assert.deepEqual(decode({ ts: ARRIVAL + 1000, value: 10 }), { series: 'a', ts: ARRIVAL + 1000, value: 10 })
})

test('a record without a value is a tombstone of the series its key names', () => {
  const decoder = new Decoder(OPTIONS)
  assert.equal(decoder.decode(Buffer.from('a'), null, ARRIVAL), 'tombstone')
  assert.equal(decoder.out.series, 'a')
  assert.equal(decoder.decode(null, null, ARRIVAL), 'missing-series')
  assert.equal(decoder.decode(Buffer.from('ninebytes'), null, ARRIVAL), 'too-large')
  const named = new Decoder({ ...OPTIONS, fields: { ...OPTIONS.fields, series: 'id' } })
  assert.equal(named.decode(Buffer.from('a'), null, ARRIVAL), 'missing-series')
})

test('a reason comes with a detail that a person can act on', () => {
  const decoder = new Decoder(OPTIONS)
  const detail = (value: string): string => {
    assert.notEqual(decoder.decode(Buffer.from('a'), Buffer.from(value), ARRIVAL), null)
    return decoder.detail
  }
  assert.match(detail('{'), /JSON/)
  assert.equal(detail('{"ts":5,"value":"1"}'), '"1"')
  assert.equal(detail('{"value":1}'), 'nothing there')
  assert.ok(detail(JSON.stringify({ ts: 5, value: 'x'.repeat(100) })).length <= 200)
})

test('whatever the bytes, the outcome is an observation within the limits or a reason', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.json().map((text) => Buffer.from(text)),
    fc
      .record({ ts: fc.jsonValue(), value: fc.jsonValue() })
      .map((value) => Buffer.from(JSON.stringify(value))),
  )
  fc.assert(
    fc.property(fc.option(bytes), fc.option(bytes), (key, value) => {
      const decoder = new Decoder(OPTIONS)
      const reason = decoder.decode(key, value, ARRIVAL)
      if (reason === 'tombstone') return value === null
      if (reason !== null) return REJECT_REASONS.includes(reason)
      const { series, ts, value: number } = decoder.out
      return series !== '' && Number.isSafeInteger(ts) && (number !== number || Math.abs(number) <= 10)
    }),
    { numRuns: 3000 },
  )
})
