import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tickLabels } from '../../../../src/cli/backtest/html/numbers.js'
import { countTicks, scaleOver, timeTicks, type Spread } from '../../../../src/cli/backtest/html/scale.js'
import fc from '../../../support/properties.js'

const HOUR = 3_600_000

test('labels of an axis differ from each other, and are short, whatever is drawn', () => {
  const value = fc.double({ min: 1e-9, max: 1e12, noNaN: true })
  const relative = fc.double({ min: 1e-3, max: 100, noNaN: true })
  const spread = fc.constantFrom<Spread>('tight', 'from-zero', 'logarithmic')
  fc.assert(
    fc.property(value, relative, spread, fc.boolean(), (low, more, how, below) => {
      const values = [below ? -low : low, low * (1 + more)]
      const { ticks, apart } = scaleOver(values, 0, 100, how)
      const labels = tickLabels(ticks, apart, 'number')
      assert.deepEqual(labels, [...new Set(labels)])
      for (const label of labels) assert.ok(label.length <= 9, label)
    }),
  )
})

test('percentages have as many digits as tell neighbours apart', () => {
  assert.deepEqual(tickLabels([0.79, 0.795, 0.8], 0.005, 'percent'), ['79.0 %', '79.5 %', '80.0 %'])
  assert.deepEqual(tickLabels([0, 0.5, 1], 0.5, 'percent'), ['0 %', '50 %', '100 %'])
})

test('what hardly differs does not fill the chart', () => {
  const scale = scaleOver([0.795, 0.805], 0, 100, 'tight', 0.1)
  assert.ok(scale.at(0.805) - scale.at(0.795) < 11)
})

for (const [span, steps, apart] of [
  ['two days', 48, HOUR],
  ['three weeks', 504, HOUR],
  ['half a year', 26, 7 * 24 * HOUR],
  ['four years', 52, 28 * 24 * HOUR],
  ['forty years', 40, 365 * 24 * HOUR],
] as const) {
  test(`time over ${span} has some marks, no two of which are at one place or say the same day`, () => {
    const times = Array.from({ length: steps }, (_, i) => new Date(1.4e12 + i * apart).toISOString())
    const ticks = timeTicks(times)
    assert.ok(ticks.length >= 2 && ticks.length <= 8, String(ticks.length))
    assert.equal(new Set(ticks.map(({ value }) => value)).size, ticks.length)
    const days = ticks.map(({ label }) => label).filter((label) => !label.includes(':'))
    assert.equal(new Set(days).size, days.length)
  })
}

test('marks of four weeks are as far apart as their texts are wide', () => {
  const period = 28 * 24 * HOUR
  fc.assert(
    fc.property(fc.integer({ min: 8, max: 60 }), fc.integer({ min: 0, max: 364 }), (steps, begin) => {
      const first = Date.UTC(2013, 0, 1) + begin * 24 * HOUR
      const ticks = timeTicks(
        Array.from({ length: steps }, (_, i) => new Date(first + i * period).toISOString()),
      )
      ticks.slice(1).forEach(({ value, label }, i) => {
        // A letter takes about 7 of the 484 units that there are.
        const apart = ((value - ticks[i]!.value) / (steps - 1)) * 484
        assert.ok(apart >= 7 * label.length, `${ticks[i]!.label}, ${label}: ${apart}`)
      })
    }),
  )
})

test('updates are counted from the first, in round numbers', () => {
  assert.deepEqual(
    countTicks(991).map(({ label }) => label),
    ['1', '200', '400', '600', '800'],
  )
  assert.deepEqual(
    countTicks(2).map(({ value }) => value),
    [1, 2],
  )
})
