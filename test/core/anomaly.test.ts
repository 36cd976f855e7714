import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AnomalyDetector, anomalyScore, newestAnomaly, type AnomalyOptions } from '../../src/core/anomaly.js'
import { openForecast } from '../../src/core/calibration.js'
import { StateLayout } from '../../src/core/layout.js'
import { SeriesTable } from '../../src/core/series-table.js'

const HOUR = 3_600_000
const SETTLED = 5

/** Which of the values are reported, each forecast as 10, between 8 and 11. */
function reported(values: readonly number[], options: Partial<AnomalyOptions> = {}): number[] {
  const layout = new StateLayout({
    interval: HOUR,
    season: { short: 1, long: 1 },
    horizon: 2,
    quantiles: [0.1, 0.5, 0.9],
  })
  const table = new SeriesTable(layout, 1)
  table.reset(0)
  const all = { enabled: true, minScore: 2, consecutive: 1, cooldown: 0, ...options }
  const detector = new AnomalyDetector(layout, all, SETTLED)
  return values.flatMap((value, t) => {
    const found = detector.look(table, 0, t * HOUR, value, t + 1)
    openForecast(table, 0, t, Float64Array.of(8, 10, 11, 0, 0, 0), 0)
    if (found !== null) assert.deepEqual([found.lower, found.median, found.upper], [8, 10, 11])
    return found === null ? [] : [t]
  })
}

test('the score is the distance from the median over the half-width on that side', () => {
  assert.equal(anomalyScore(10, 8, 10, 11), 0)
  assert.equal(anomalyScore(11, 8, 10, 11), 1)
  assert.equal(anomalyScore(13, 8, 10, 11), 3)
  assert.equal(anomalyScore(4, 8, 10, 11), 3)
  assert.equal(anomalyScore(5, 5, 5, 5), 0)
  assert.equal(anomalyScore(5.1, 5, 5, 5), 1e6)
  assert.equal(anomalyScore(1e30, 8, 10, 11), 1e6)
})

test('what scores enough is reported, once the intervals of its series say enough', () => {
  assert.deepEqual(reported([99, 99, 99, 99, 99, 10, 11.9, 12, 10, 5.9, 6.1]), [7, 9])
  assert.deepEqual(reported([10, 10, 10, 10, 10, 10, 99], { enabled: false }), [])
})

test('with `consecutive`, only so many in a row are', () => {
  const values = [10, 10, 10, 10, 10, 20, 20, 10, 20, 20, 20, 20, 10]
  assert.deepEqual(reported(values, { consecutive: 3 }), [10, 11])
})

test('after a report there is none within the cool-down', () => {
  const values = [10, 10, 10, 10, 10, 20, 20, 20, 20, 20, 10, 20]
  assert.deepEqual(reported(values, { cooldown: 3 * HOUR }), [5, 8, 11])
})

test('an observation without a forecast has no score', () => {
  const layout = new StateLayout({
    interval: HOUR,
    season: { short: 1, long: 1 },
    horizon: 1,
    quantiles: [0.1, 0.5, 0.9],
  })
  const table = new SeriesTable(layout, 1)
  table.reset(0)
  assert.ok(Number.isNaN(newestAnomaly(table, 0)))
  const detector = new AnomalyDetector(layout, { enabled: true, minScore: 1, consecutive: 1, cooldown: 0 }, 0)
  openForecast(table, 0, 0, Float64Array.of(8, 10, 11), 0)
  detector.look(table, 0, HOUR, 12, 2)
  assert.equal(newestAnomaly(table, 0), 2)
  table.forgetOpen(0)
  assert.equal(detector.look(table, 0, 2 * HOUR, 1e9, 3), null)
  assert.ok(Number.isNaN(newestAnomaly(table, 0)))
})
