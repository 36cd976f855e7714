import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Accuracy } from '../../src/core/accuracy.js'
import { baselineForecast, learnResiduals, PooledResiduals } from '../../src/core/baseline.js'
import { Arrivals } from '../../src/core/arrivals.js'
import { Calibration, openForecast, skipOpen } from '../../src/core/calibration.js'
import { StateLayout } from '../../src/core/layout.js'
import { observe } from '../../src/core/observe.js'
import { scoreArrival } from '../../src/core/score-arrival.js'
import { Scoreboard } from '../../src/core/scoreboard.js'
import { SeriesTable } from '../../src/core/series-table.js'
import { Random } from '../../src/model/random.js'

const SHAPE = { interval: 3_600_000, season: { short: 6, long: 42 }, horizon: 12, quantiles: [0.1, 0.5, 0.9] }
const LEVELS = [0.1, 0.5, 0.9] as const

function state(shape = SHAPE) {
  const layout = new StateLayout(shape)
  const table = new SeriesTable(layout, 1)
  table.reset(0)
  const calibration = new Calibration(layout, true, 0.02)
  const board = new Scoreboard(layout, LEVELS, Infinity)
  const trace = { p7Before: 0, step: 0 }
  const pooled = new PooledResiduals(layout.cycles, 3)
  const arrivals = new Arrivals(layout, 1)
  const take = (index: number, value: number): void => {
    arrivals.foresee(table, 0, index, 0)
    observe(table, 0, index, value, trace)
    if (value === value) {
      arrivals.keep(table, 0, 0)
      learnResiduals(table, 0, index, pooled)
      scoreArrival(table, 0, index, value, arrivals, 0, calibration, Infinity, board)
    } else skipOpen(table, 0, index)
  }
  const published = () => board.total('published').scores()
  return { layout, table, calibration, board, published, pooled, take }
}

test('every forecast is scored against the target it was made for, once', () => {
  for (const horizon of [5, 12, 100]) {
    const { layout, table, board, published, take } = state({ ...SHAPE, horizon })
    const forecast = new Float64Array(horizon * 3)
    for (let t = -300; t < 300; t++) {
      take(t, t)
      // The forecast for t + h is t + h exactly: any mix-up of origin, step or target would show as an error.
      for (let h = 1; h <= horizon; h++) forecast.fill(t + h, (h - 1) * 3, h * 3)
      openForecast(table, 0, t, forecast, 0)
    }
    const scored = layout.steps.filter((h) => Math.ceil(h / 6) <= layout.cycles)
    const expected = scored.reduce((sum, h) => sum + 600 - h, 0)
    const { targets, wql, coverage, mase } = published()
    assert.deepEqual({ targets, wql, coverage, mase }, { targets: expected, wql: 0, coverage: 1, mase: 0 })
    assert.equal(board.total('baseline').scores().targets, expected)
  }
})

test('a missing step is neither a target nor an origin', () => {
  const { layout, table, published, take } = state()
  const forecast = new Float64Array(12 * 3)
  for (let t = 0; t < 60; t++) {
    const missing = t % 7 === 3
    take(t, missing ? NaN : t)
    if (missing) continue
    for (let h = 1; h <= 12; h++) forecast.fill(t + h, (h - 1) * 3, h * 3)
    openForecast(table, 0, t, forecast, 0)
  }
  let expected = 0
  for (let t = 0; t < 60; t++) {
    for (const h of layout.steps) if (t >= h && t % 7 !== 3 && (t - h) % 7 !== 3) expected++
  }
  assert.equal(published().targets, expected)
  assert.equal(published().wql, 0)
})

for (const [name, halfWidth] of [
  ['far too narrow', 0.3],
  ['far too wide', 6],
] as const) {
  test(`intervals that are ${name} come to their nominal coverage`, () => {
    const { table, calibration, board, published, take } = state()
    const random = new Random(1)
    const forecast = new Float64Array(12 * 3)
    for (let t = 0; t < 4000; t++) {
      if (t === 2000) for (const sums of board.published) sums.fade(0)
      take(t, random.normal())
      for (let h = 0; h < 12; h++) forecast.set([-halfWidth, 0, halfWidth], h * 3)
      calibration.apply(table, 0, forecast, 0)
      openForecast(table, 0, t, forecast, 0)
    }
    const coverage = published().coverage!
    assert.ok(Math.abs(coverage - 0.8) < 0.02, `coverage ${coverage}`)
  })
}

test('between scored steps the widening is interpolated', () => {
  const shape = { ...SHAPE, horizon: 60 }
  const { layout, table, calibration } = state(shape)
  const j = layout.steps.findIndex((h, i) => layout.steps[i + 1]! > h + 1)
  const h = layout.steps[j]!
  const next = layout.steps[j + 1]!
  table.f32.set([2, 3], layout.widths + 2 * j)
  table.f32.set([4, 5], layout.widths + 2 * (j + 1))
  const forecast = Float64Array.from({ length: 60 * 3 }, (_, i) => (i % 3) - 1)
  calibration.apply(table, 0, forecast, 0)
  const at = (step: number): number[] => [...forecast.subarray((step - 1) * 3, step * 3)]
  assert.deepEqual(at(h), [-2, 0, 3])
  assert.deepEqual(at(next), [-4, 0, 5])
  const share = 1 / (next - h)
  const [lower, , upper] = at(h + 1)
  assert.ok(Math.abs(lower! + 2 + 2 * share) < 1e-6 && Math.abs(upper! - 3 - 2 * share) < 1e-6)
})

/** Coverage of the baseline's own intervals over the second part of a series. */
function baselineCoverage(values: readonly number[], from: number): number {
  const { table, pooled, take } = state()
  const accuracy = new Accuracy(LEVELS)
  const forecast = new Float64Array(12 * 3)
  const made: Float64Array[] = []
  values.forEach((value, t) => {
    take(t, value)
    for (let h = 1; t >= from && h <= 12; h++) {
      const q = made[t - h]!.subarray((h - 1) * 3, h * 3)
      accuracy.add(value, q[0]!, q[1]!, q[2]!, 1)
    }
    baselineForecast(table, 0, t, pooled, forecast, 0)
    made.push(forecast.slice())
  })
  return accuracy.scores().coverage!
}

const seasonal = (length: number, random: Random): number[] =>
  Array.from({ length }, (_, t) => 20 + 5 * Math.sin((2 * Math.PI * t) / 6) + random.normal())

test("the baseline's 80 % intervals cover about 80 %", () => {
  const coverage = baselineCoverage(seasonal(3000, new Random(2)), 500)
  assert.ok(Math.abs(coverage - 0.8) < 0.04, `coverage ${coverage}`)
})

test("the baseline's intervals still cover after a level shift", () => {
  const values = seasonal(3000, new Random(3)).map((x, t) => (t < 1500 ? x : 2 * x + 50))
  const coverage = baselineCoverage(values, 1800)
  assert.ok(Math.abs(coverage - 0.8) < 0.06, `coverage ${coverage}`)
})

test('the baseline forecasts the newest value of the target’s slot, from the first observation on', () => {
  const { table, pooled, take } = state()
  const forecast = new Float64Array(12 * 3)
  take(0, 5)
  baselineForecast(table, 0, 0, pooled, forecast, 0)
  for (let h = 0; h < 12; h++) {
    const [lower, median, upper] = forecast.subarray(h * 3, h * 3 + 3)
    assert.ok(lower! <= 0 && median === 5 && upper! >= 10, 'known to be around |value|')
  }
  for (let t = 1; t < 20; t++) take(t, t)
  baselineForecast(table, 0, 19, pooled, forecast, 0)
  for (let h = 1; h <= 12; h++) assert.equal(forecast[(h - 1) * 3 + 1], 19 + h - 6 * Math.ceil(h / 6))
})

test('the baseline repeats the long season where that has been the better rule', () => {
  const layout = new StateLayout({
    interval: 3_600_000,
    season: { short: 4, long: 12 },
    horizon: 12,
    quantiles: [0.1, 0.5, 0.9],
  })
  const table = new SeriesTable(layout, 1)
  table.reset(0)
  const pooled = new PooledResiduals(layout.lags.length, 3)
  const trace = { p7Before: 0, step: 0 }
  const weekly = (t: number): number => [10, 20, 30, 40, 15, 25, 35, 45, 90, 80, 70, 60][t % 12]!
  const forecast = new Float64Array(12 * 3)
  for (let t = 0; t < 60; t++) {
    observe(table, 0, t, weekly(t), trace)
    learnResiduals(table, 0, t, pooled)
  }
  baselineForecast(table, 0, 59, pooled, forecast, 0)
  for (let h = 0; h < 12; h++) assert.equal(forecast[h * 3 + 1], weekly(60 + h))
})

test('calibration learns from no forecast older than it is told', () => {
  for (const learnSteps of [0, 3]) {
    const { layout, table, calibration, board } = state()
    const arrivals = new Arrivals(layout, 1)
    const trace = { p7Before: 0, step: 0 }
    const forecast = new Float64Array(SHAPE.horizon * 3).fill(1000)
    for (let t = 0; t < 40; t++) {
      arrivals.foresee(table, 0, t, 0)
      observe(table, 0, t, t % 6, trace)
      arrivals.keep(table, 0, 0)
      scoreArrival(table, 0, t, t % 6, arrivals, 0, calibration, learnSteps, board)
      openForecast(table, 0, t, forecast, 0)
    }
    layout.steps.forEach((h, j) => {
      const changed = table.f32[layout.widths + 2 * j] !== 1
      assert.equal(changed, h <= learnSteps, `step ${String(h)}`)
    })
  }
})
