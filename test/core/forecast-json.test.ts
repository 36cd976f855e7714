import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../support/properties.js'
import { decimalsFor } from '../../src/core/decimals.js'
import { isoInterval, type ForecastForm } from '../../src/core/forecast/format.js'
import { JsonWideWriter } from '../../src/core/forecast/json-wide.js'
import { Pieces } from '../../src/core/forecast/pieces.js'

const HORIZON = 3
const LEVELS = [0.1, 0.5, 0.9]

interface Written {
  readonly pipeline: string
  readonly series: string
  readonly origin: string
  readonly interval: string
  readonly horizon: number
  readonly model: string
  readonly quantiles: Readonly<Record<string, readonly number[]>>
}

/** @param forecast [horizon, quantiles] */
function encode(forecast: readonly number[], scale: number, series = 'a', encoder = fresh()): Written {
  const bytes = encoder.write(encoder.head(series), 0, 'gru@1', Float64Array.from(forecast), scale)
  return JSON.parse(Buffer.from(bytes).toString()) as Written
}

const FORM: ForecastForm = {
  name: 'p',
  interval: 3_600_000,
  horizon: HORIZON,
  quantiles: LEVELS,
  encoding: { output: 'json' },
  publish: { format: 'wide' },
}
const fresh = (pieces = new Pieces()): JsonWideWriter => new JsonWideWriter(FORM, new Uint8Array(), pieces)

test('a forecast record is what the contract says', () => {
  assert.deepEqual(encode([1, 2, 3, 4, 5, 6, 7, 8, 9.5], 1, 'näme "1"\n\ud800'), {
    pipeline: 'p',
    series: 'näme "1"\n\ud800',
    origin: '1970-01-01T00:00:00.000Z',
    interval: 'PT1H',
    horizon: HORIZON,
    model: 'gru@1',
    quantiles: { '0.1': [1, 4, 7], '0.5': [2, 5, 8], '0.9': [3, 6, 9.5] },
  })
})

const finite = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e32, max: 1e32 })
const triples = fc
  .array(finite, { minLength: 9, maxLength: 9 })
  .map((numbers) => [0, 3, 6].flatMap((at) => numbers.slice(at, at + 3).sort((a, b) => a - b)))
const scales = fc.oneof(
  fc.double({ min: 1e-30, max: 1e16, noNaN: true }),
  fc.constantFrom(0, 1, 1e-9, 1e5, 1e300),
)

test('numbers come back to the decimals that their scale calls for, and quantiles never cross', () => {
  fc.assert(
    fc.property(triples, scales, (forecast, scale) => {
      const decimals = decimalsFor(scale)
      const { quantiles } = encode(forecast, scale)
      for (let h = 0; h < HORIZON; h++) {
        const step = LEVELS.map((level) => quantiles[String(level)]![h]!)
        step.forEach((number, q) => {
          const value = forecast[h * 3 + q]!
          const half = 0.5000001 * 10 ** -decimals + 1e-15 * Math.abs(value)
          assert.ok(Math.abs(number - value) <= half, `${value} became ${number} with ${decimals} decimals`)
        })
        assert.ok(step[0]! <= step[1]! && step[1]! <= step[2]!, `${step.join(' ')} of ${forecast.join(' ')}`)
      }
    }),
    { numRuns: 3000 },
  )
})

test('close quantiles near the limit of exact digits do not cross either', () => {
  fc.assert(
    fc.property(fc.double({ min: 1, max: 1e17, noNaN: true }), scales, (value, scale) => {
      const next = value * (1 + Number.EPSILON)
      const { quantiles } = encode([value, next, next, -next, -next, -value, 0, 0, 0], scale)
      for (let h = 0; h < 2; h++) assert.ok(quantiles['0.1']![h]! <= quantiles['0.5']![h]!)
      for (let h = 0; h < 2; h++) assert.ok(quantiles['0.5']![h]! <= quantiles['0.9']![h]!)
    }),
    { numRuns: 3000 },
  )
})

test('five digits below the scale are written, no more than 15 decimals and no fewer than none', () => {
  assert.deepEqual(
    [1, 9.9, 10, 0.1, 1e-20, 1e9, 0, NaN, Infinity].map(decimalsFor),
    [5, 5, 4, 6, 15, 0, 5, 5, 5],
  )
  assert.deepEqual(
    encode([0.123456, 0.2, 0.3, -1e-9, 0, 1e-9, 100, 200, 300], 1).quantiles['0.1'],
    [0.12346, 0, 100],
  )
})

test('records that were handed out stay as they are while more are encoded', () => {
  const encoder = fresh(new Pieces(4096))
  const numbers = (i: number): number[] => Array.from({ length: 9 }, (_, j) => i + j / 10)
  const records = Array.from({ length: 100 }, (_, i) =>
    encoder.write(encoder.head(`s${i}`), i, 'gru@1', Float64Array.from(numbers(i)), 1),
  )
  records.forEach((record, i) => {
    const { series, quantiles } = JSON.parse(Buffer.from(record).toString()) as Written
    assert.equal(series, `s${i}`)
    assert.equal(quantiles['0.9']![2], Math.round((i + 0.8) * 10) / 10)
  })
})

test('a grid step is written as an ISO 8601 duration', () => {
  assert.deepEqual(
    [0, 86_400_000, 604_800_000, 3_600_000, 5_400_000, 60_000, 90_000, 1000, 1500].map(isoInterval),
    ['observations', 'P1D', 'P7D', 'PT1H', 'PT90M', 'PT1M', 'PT90S', 'PT1S', 'PT1.5S'],
  )
})
