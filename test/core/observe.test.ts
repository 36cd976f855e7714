import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../support/properties.js'
import { F64, F64_WIDTH, modulo, StateLayout } from '../../src/core/layout.js'
import { observe } from '../../src/core/observe.js'
import { SeriesTable } from '../../src/core/series-table.js'

const DAILY = { interval: 86_400_000, season: { short: 3, long: 12 }, horizon: 4, quantiles: [0.1, 0.5, 0.9] }

function run(values: readonly number[], shape = DAILY, start = 0) {
  const layout = new StateLayout(shape)
  const table = new SeriesTable(layout, 2)
  table.reset(1)
  const trace = { p7Before: 0, step: 0 }
  const p7Before: number[] = []
  values.forEach((value, t) => {
    observe(table, 1, start + t, value, trace)
    p7Before.push(trace.p7Before)
  })
  const row = layout.width
  return {
    layout,
    table,
    p7Before,
    /** Value `back` steps before the newest. */
    lag: (back: number): number =>
      table.f32[row + modulo(start + values.length - 1 - back, layout.ringSize)]!,
    p1: (index: number): number => table.f32[row + layout.p1 + modulo(index, layout.short)]!,
    p7: (index: number): number => table.f32[row + layout.p7 + modulo(index, layout.long)]!,
    f64: (field: keyof typeof F64): number => table.f64[F64_WIDTH + F64[field]]!,
  }
}

// Readings have a resolution: numbers that differ by less than a float can hold would only test rounding.
const value = fc.integer({ min: -10_000_000, max: 10_000_000 }).map((n) => n / 1000)
const close = (a: number, b: number, relative = 1e-5): boolean =>
  Math.abs(a - b) <= relative * Math.max(1, Math.abs(a), Math.abs(b))

test('the ring holds every value of the last long season and short season, wherever the grid starts', () => {
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 150 }),
      fc.integer({ min: -1000, max: 1000 }),
      (values, start) => {
        const { lag, layout } = run(values, DAILY, start)
        for (let back = 0; back < Math.min(values.length, layout.ringSize); back++) {
          assert.equal(lag(back), Math.fround(values[values.length - 1 - back]!))
        }
      },
    ),
  )
})

test('a missing value is filled from one short season before and moves neither scaler nor profiles', () => {
  const values = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]
  const without = run(values)
  const { lag, f64, p7, p1 } = run([...values, NaN])
  assert.equal(lag(0), 11)
  assert.equal(f64('count'), 13)
  assert.equal(f64('mean'), without.f64('mean'))
  assert.equal(f64('spread'), without.f64('spread'))
  assert.equal(p7(13), without.p7(13))
  assert.equal(p1(13), without.p1(13))
})

test('nulls before any value are ignored', () => {
  const { f64, lag } = run([NaN, NaN, 7])
  assert.equal(f64('count'), 1)
  assert.equal(f64('mean'), 7)
  assert.equal(lag(2), 7)
})

test('mean and variance are the textbook exponentially forgetting ones, clipped at six units', () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 400 }), (values) => {
      const { f64 } = run(values)
      const rate = 1 - Math.pow(0.5, 1 / (28 * 3))
      let mean = values[0]!
      let variance = 0
      let meanAbs = 0
      values.forEach((x, i) => {
        const a = Math.max(rate, 1 / (i + 1))
        const scale = Math.max(Math.sqrt(variance), 1e-3 * meanAbs)
        const s = scale > 1e-30 ? scale : 1
        const d = i + 1 > 3 ? Math.max(-6 * s, Math.min(6 * s, x - mean)) : x - mean
        meanAbs += a * (Math.abs(mean + d) - meanAbs)
        variance += a * (d * d - variance)
        mean += a * d
      })
      assert.ok(close(f64('mean'), mean))
      assert.ok(close(f64('spread'), variance))
      assert.ok(close(f64('meanAbs'), meanAbs))
    }),
  )
})

test('profiles of a regular series are its values; the long one averages its first visits', () => {
  const season = [5, 1, 9, 2, 8, 3, 7, 4, 6, 0, 11, 10]
  const { p7, p1, p7Before } = run(Array.from({ length: 48 }, (_, t) => season[t % 12]!))
  for (let slot = 0; slot < 12; slot++) assert.equal(p7(slot), season[slot])
  assert.ok(p1(0) > 2 && p1(0) < 8) // a mixture of the slots 0, 3, 6, 9
  assert.deepEqual(p7Before.slice(36), season)
  const twice = run([...season, ...season.map((x) => x + 4)])
  for (let slot = 0; slot < 12; slot++) assert.ok(close(twice.p7(slot), season[slot]! + 2))
})

test('in the first long season the newest short season stands in for what was never seen', () => {
  const { lag, p7 } = run([1, 2, 3, 4, 5])
  // One long season (12 steps) back of the coming steps 5, 6, 7: the values of steps 2, 3, 4.
  assert.deepEqual([lag(11), lag(10), lag(9)], [3, 4, 5])
  assert.equal(p7(5), 3)
})

test('one wild reading hardly moves scaler and profiles', () => {
  const steady = Array.from({ length: 300 }, (_, t) => 100 + (t % 4))
  const before = run(steady)
  const after = run([...steady, 1e9])
  const unit = before.table.scale(1)
  assert.ok(Math.abs(after.f64('mean') - before.f64('mean')) < 0.1 * unit)
  assert.ok(after.table.scale(1) < 1.5 * unit)
  assert.ok(Math.abs(after.p7(300) - before.p7(300)) < 3 * unit)
  assert.ok(Math.abs(after.p1(300) - before.p1(300)) < 3 * unit)
  assert.ok(after.f64('naiveError') < 2 * before.f64('naiveError'))
})

test('a walk is measured from its last value in units of its mean step', () => {
  const layout = { ...DAILY, interval: 0, season: { short: 1, long: 1 } }
  const { table, f64 } = run([10, 12, 11, 13, 12], layout)
  assert.equal(table.mean(1), 12)
  assert.ok(close(f64('spread'), 1.5))
  assert.ok(close(table.scale(1), 1.5))
})

test('the cost per observation and the size of a row do not depend on the length of history', () => {
  const layout = new StateLayout({ ...DAILY, season: { short: 24, long: 168 }, horizon: 168 })
  assert.ok(layout.bytesPerSeries(64) <= 8192, `${layout.bytesPerSeries(64)} bytes`)
})
