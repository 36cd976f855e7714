import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../support/properties.js'
import { parseTimestamp } from '../../src/core/timestamp.js'

test('ISO 8601 in the forms that topics have is read; without a zone it is UTC', () => {
  const noon = Date.UTC(2024, 1, 29, 12)
  for (const text of [
    '2024-02-29T12:00:00Z',
    '2024-02-29t12:00:00z',
    '2024-02-29T12:00:00.000Z',
    '2024-02-29T12:00Z',
    '2024-02-29 12:00:00',
    '2024-02-29T12:00:00',
    '2024-02-29T12:00:00,000000Z',
    '2024-02-29T13:00:00+01:00',
    '2024-02-29T13:00:00+0100',
    '2024-02-29T13:00:00+01',
    '2024-02-29T06:30:00-05:30',
    '+002024-02-29T12:00:00Z',
  ]) {
    assert.equal(parseTimestamp(text), noon, text)
  }
  assert.equal(parseTimestamp('2024-02-29'), Date.UTC(2024, 1, 29))
  assert.equal(parseTimestamp('1969-12-31T23:59:59.999Z'), -1)
})

test('what is not a time stamp is NaN', () => {
  for (const text of [
    '',
    'now',
    '2024',
    '20240229',
    '1709208000000',
    '2024-13-01T00:00:00Z',
    '2024-01-01T25:00:00Z',
    '2024-01-01T00:60:00Z',
    '2024-01-01T00:00:00+99:00',
    '2024-01-01T00:00:00Zjunk',
    ' 2024-01-01T00:00:00Z',
    '２０２４-01-01T00:00:00Z',
    'Mon, 01 Jan 2024 00:00:00 GMT',
  ]) {
    assert.ok(Number.isNaN(parseTimestamp(text)), text)
  }
})

test('the short path agrees with the calendar on every second of ten thousand years', () => {
  const years = { min: Date.UTC(0, 0, 1) - 1900 * 31_556_952_000, max: Date.UTC(9999, 11, 31) }
  fc.assert(
    fc.property(fc.integer(years), (ms) => {
      const second = Math.floor(ms / 1000) * 1000
      const text = new Date(second).toISOString().replace('.000', '')
      assert.equal(parseTimestamp(text), second, text)
    }),
    { numRuns: 5000 },
  )
})
