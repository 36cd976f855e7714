import assert from 'node:assert/strict'
import { test } from 'node:test'
import { actuals } from '../../../src/cli/backtest/actuals.js'
import { NumberScorer, type Scored } from '../../../src/cli/backtest/number-scorer.js'
import { StateLayout } from '../../../src/core/layout.js'

const HOUR = 3_600_000
const QUANTILES = [0.1, 0.5, 0.9]
const HORIZON = 2

/** Two series, one a thousand times the other; each forecast is the last value ± a tenth of the series' size. */
function scored(stride = 1): Scored {
  const shape = [10, 20, 10, 20, 12, 18, 10, 25, 11, 19]
  const rows = ['small', 'large'].flatMap((series, s) =>
    shape.map((value, i) => ({ series, ts: i * HOUR, value: value * (s === 0 ? 1 : 1000) })),
  )
  const data = actuals(rows, { interval: HOUR, aggregate: 'none', season: 1, test: 0.4 })
  const { buckets } = new StateLayout({
    interval: HOUR,
    season: { short: 1, long: 1 },
    horizon: HORIZON,
    quantiles: QUANTILES,
  })
  const scorer = new NumberScorer(data, { horizon: HORIZON, quantiles: QUANTILES, buckets, stride })
  for (const { series, ts, value } of rows) {
    if (!scorer.isScored(series, ts)) continue
    const width = series === 'small' ? 1 : 1000
    const line = (offset: number): number[] => Array.from({ length: HORIZON }, () => value + offset * width)
    scorer.add(series, ts, { '0.1': line(-1), '0.5': line(0), '0.9': line(1) })
  }
  return scorer.scored()
}

test('a series counts as much as one a thousand times its size, in all and in every part', () => {
  const { scores, steps, buckets, periods } = scored()
  // Origins 5, 6, 7 of each series: 18 → 10, 25; 10 → 25, 11; 25 → 11, 19. The naive error before is 9 + 1/5.
  assert.deepEqual([scores.series, scores.origins, scores.targets], [2, 6, 12])
  const naive = (10 + 10 + 10 + 8 + 6) / 5
  const errors = [
    [8, 15, 14],
    [7, 1, 6],
  ]
  const mean = (of: readonly number[]): number => of.reduce((sum, x) => sum + x, 0) / of.length
  const near = (a: number | null | undefined, b: number): void =>
    assert.ok(Math.abs(a! - b) < 1e-12, `${a} ${b}`)
  near(scores.mase, mean(errors.flat()) / naive)
  steps.forEach(({ step, mase }, h) => {
    assert.equal(step, h + 1)
    near(mase, mean(errors[h]!) / naive)
  })
  assert.deepEqual(
    buckets.map((bucket) => bucket.steps),
    ['1', '2'],
  )
  near(buckets[1]!.mase, mean(errors[1]!) / naive)
  // Only 10 → 11 is inside ± 1.
  near(scores.coverage, 1 / 6)
  near(steps[1]!.coverage, 1 / 3)
  assert.equal(
    periods.reduce((sum, { targets }) => sum + targets, 0),
    12,
  )
  assert.equal(periods[0]!.from, new Date(6 * HOUR).toISOString())
})

test('calibration is the share of values at or below each quantile', () => {
  // Above their forecasts: 25, 25; inside: 11; below: 10, 11, 19 of each series.
  assert.deepEqual(scored().calibration, [
    { level: 0.1, below: 3 / 6 },
    { level: 0.5, below: 3 / 6 },
    { level: 0.9, below: 4 / 6 },
  ])
})

test('of every second origin only those are scored', () => {
  assert.equal(scored(2).scores.origins, 4)
})
