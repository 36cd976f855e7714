import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../support/properties.js'
import { headFeatures, seasonalDrift, stepInputs, type HistoryView } from '../../src/core/features.js'
import { INPUTS, MIXTURE, targetCalendar, TargetIndex } from '../../src/core/target-index.js'
import { StateLayout } from '../../src/core/layout.js'
import { observe } from '../../src/core/observe.js'
import { SeriesTable } from '../../src/core/series-table.js'

const HOUR = 3_600_000
const SHAPE = { interval: HOUR, season: { short: 4, long: 12 }, horizon: 17, quantiles: [0.1, 0.5, 0.9] }
const WIDTH = MIXTURE + 2

function run(values: readonly number[], shape = SHAPE) {
  const layout = new StateLayout(shape)
  const table = new SeriesTable(layout, 1)
  table.reset(0)
  const trace = { p7Before: 0, step: 0 }
  values.forEach((value, t) => observe(table, 0, t, value, trace))
  const view: HistoryView = {
    x: table.f32,
    xAt: 0,
    xSize: layout.ringSize,
    p1: table.f32,
    p1At: layout.p1,
    p1Size: layout.short,
    p7: table.f32,
    p7At: layout.p7,
    p7Size: layout.long,
  }
  return { layout, table, trace, view, last: values.length - 1 }
}

const values = fc.array(
  fc.integer({ min: -50_000, max: 50_000 }).map((n) => n / 1000),
  { minLength: 40, maxLength: 120 },
)

test('features are the values and drifts that their definitions name', () => {
  fc.assert(
    fc.property(values, (x) => {
      const { layout, table, view, last: t } = run(x)
      const drift = { dm: 0, dpm: 0, dp: 0 }
      seasonalDrift(table, 0, t, drift)
      const lastSeason = [0, 1, 2, 3].map((j) => x[t - j]! - x[t - j - 12]!)
      assert.ok(Math.abs(drift.dm - lastSeason.reduce((a, b) => a + b) / 4) < 1e-4)
      const out = new Float32Array(17 * WIDTH)
      headFeatures(new TargetIndex(layout), view, t, t * HOUR, 1, 2, drift, false, out, 0)
      const scaled = (value: number): number => Math.max(-8, Math.min(8, (value - 1) / 2))
      for (let k = 1; k <= 17; k++) {
        const f = out.subarray((k - 1) * WIDTH, k * WIDTH)
        const i1 = t + k - 4 * Math.ceil(k / 4)
        const i7 = t + k - 12 * Math.ceil(k / 12)
        assert.ok(Math.abs(f[0]! - scaled(x[t]!)) < 1e-4)
        assert.ok(Math.abs(f[1]! - scaled(x[i1]!)) < 1e-4)
        assert.ok(Math.abs(f[2]! - scaled(x[i7]!)) < 1e-4)
        assert.ok(Math.abs(f[5]! - scaled(x[i7]! + drift.dm)) < 1e-4)
        assert.ok(i1 <= t && i7 <= t, 'nothing of the future')
      }
    }),
  )
})

test('inputs are the lagged differences in the scale of now', () => {
  fc.assert(
    fc.property(values, (x) => {
      const { table, trace, last: t } = run(x)
      const out = new Float32Array(INPUTS)
      stepInputs(table, 0, t, t * HOUR, true, trace, out, 0)
      const unit = table.scale(0)
      const clamp = (z: number): number => Math.max(-6, Math.min(6, z))
      const expected = [
        clamp((x[t]! - table.mean(0)) / unit),
        1,
        clamp((x[t]! - x[t - 1]!) / unit),
        clamp((x[t]! - x[t - 4]!) / unit),
        clamp((x[t]! - x[t - 12]!) / unit),
      ]
      expected.forEach((value, i) => assert.ok(Math.abs(out[i]! - value) < 1e-3 * Math.max(1, 50 / unit)))
    }),
  )
})

test('the phase is that of the day where steps are shorter, else that of the short season', () => {
  const phaseOf = (interval: number, short: number, index: number): number[] => {
    const shape = { ...SHAPE, interval, season: { short, long: 3 * short } }
    const { table, trace } = run(
      Array.from({ length: 10 }, (_, i) => i % 3),
      shape,
    )
    const out = new Float32Array(INPUTS)
    stepInputs(table, 0, index, index * interval, true, trace, out, 0)
    return [out[6]!, out[7]!]
  }
  const near = (a: number[], b: number[]): void => a.forEach((v, i) => assert.ok(Math.abs(v - b[i]!) < 1e-6))
  near(phaseOf(HOUR, 24, 6), [1, 0]) // six o'clock
  near(phaseOf(HOUR / 2, 48, 24), [0, -1]) // noon
  near(phaseOf(24 * HOUR, 4, 9), [1, 0]) // second of four slots, whatever the hour
  near(phaseOf(0, 4, 6), [0, -1]) // observation grid
})

test('calendar rows name the weekday and slot of the target, across midnight', () => {
  const layout = new StateLayout({ ...SHAPE, season: { short: 24, long: 168 }, horizon: 3 })
  const ts = Date.UTC(2024, 0, 1, 22) // a Monday
  const out = new Int32Array(3)
  targetCalendar(new TargetIndex(layout), ts / HOUR, ts, out, 0)
  assert.deepEqual([...out], [23, 24, 25])
})

test('a season of more slots than the calendar has is binned into them', () => {
  const layout = new StateLayout({
    ...SHAPE,
    interval: 60_000,
    season: { short: 1440, long: 10080 },
    horizon: 1,
  })
  const out = new Int32Array(1)
  targetCalendar(new TargetIndex(layout), 1438, 1438 * 60_000, out, 0)
  assert.equal(out[0]! % 96, 95)
})
