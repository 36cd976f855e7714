import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../support/properties.js'
import { parseDuration, parseSize, printDuration, printSize } from '../../src/config/units.js'

test('durations are read with their units, compound and as ISO 8601', () => {
  const known: readonly (readonly [string, number])[] = [
    ['500ms', 500],
    ['90s', 90_000],
    ['6h', 21_600_000],
    ['1.5h', 5_400_000],
    ['1h30m', 5_400_000],
    ['1h 30m', 5_400_000],
    ['2w', 1_209_600_000],
    ['PT15M', 900_000],
    ['P1DT1S', 86_401_000],
    ['P1W', 604_800_000],
    ['0s', 0],
  ]
  for (const [text, ms] of known) assert.equal(parseDuration(text), ms, text)
})

test('a text that is not a duration is never taken for one', () => {
  for (const text of [
    '',
    ' ',
    '10',
    'h',
    '-5s',
    '1x',
    '1h30',
    's1',
    'P',
    'PT',
    'P1DT',
    'P1M',
    '0.1ms',
    '1e3s',
    '99999999999w',
  ]) {
    assert.equal(parseDuration(text), undefined, text)
  }
})

test('sizes are read with their units, decimal and binary', () => {
  assert.equal(parseSize('64MiB'), 67_108_864)
  assert.equal(parseSize('8 MB'), 8_000_000)
  assert.equal(parseSize('1.5KiB'), 1536)
  assert.equal(parseSize('7B'), 7)
  for (const text of ['', '64', 'MiB', '64mib', '-1B', '0.5B', '1constructor'])
    assert.equal(parseSize(text), undefined, text)
})

test('what is printed is read back as the same number', () => {
  fc.assert(
    fc.property(fc.nat({ max: 10 ** 13 }), (value) => {
      assert.equal(parseDuration(printDuration(value)), value)
      assert.equal(parseSize(printSize(value)), value)
    }),
  )
})
