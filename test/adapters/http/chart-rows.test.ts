import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chartRows } from '../../../src/adapters/http/chart-rows.js'
import { intervalMs, isoInterval } from '../../../src/core/forecast/format.js'

const MINUTE = 60_000
const NEWEST = {
  pipeline: 'p',
  series: 'a',
  origin: new Date(2 * MINUTE).toISOString(),
  interval: 'PT1M',
  horizon: 2,
  model: 'gru@1',
  quantiles: { '0.9': [9, 10], '0.1': [1, 2], '0.25': [3, 4], '0.75': [7, 8], '0.5': [5, 6] },
}

test('what came, what had been forecast for it and what is forecast now stand in one row for each time', () => {
  const rows = chartRows(
    [
      [MINUTE, 10],
      [1.5 * MINUTE, null],
      [2 * MINUTE, 20],
    ],
    [
      [2 * MINUTE, { '0.9': 22, '0.5': 19, '0.1': 17 }],
      [3 * MINUTE, { '0.1': 27, '0.5': 29, '0.9': 32 }],
    ],
    NEWEST,
  )
  assert.deepEqual(rows, [
    { time: MINUTE, observed: 10 },
    { time: 2 * MINUTE, observed: 20, lower: 17, median: 19, upper: 22 },
    { time: 3 * MINUTE, lower: 27, median: 29, upper: 32, fanLower: 1, fanMedian: 5, fanUpper: 9 },
    { time: 4 * MINUTE, fanLower: 2, fanMedian: 6, fanUpper: 10 },
  ])
})

test('where steps have no length, what is forecast now has no times', () => {
  assert.deepEqual(chartRows([[MINUTE, 10]], [], { ...NEWEST, interval: 'observations' }), [
    { time: MINUTE, observed: 10 },
  ])
  assert.deepEqual(chartRows([[MINUTE, 'on']], [[MINUTE, {}]], undefined), [])
})

test('the length of a step is read back as it was written', () => {
  for (const ms of [1000, 1500, 90_000, 900_000, 3_600_000, 7_200_000, 86_400_000, 604_800_000]) {
    assert.equal(intervalMs(isoInterval(ms)), ms)
  }
  assert.equal(intervalMs(isoInterval(0)), null)
})
