import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StateLayout } from '../../src/core/layout.js'
import { Random } from '../../src/model/random.js'
import { disturbed, disturbedRanges } from '../../src/training/disturbed.js'
import { encodeHistory } from '../../src/training/encode-history.js'
import { SHAPE, syntheticSeries } from './series.js'

const history = syntheticSeries('a', 3000, 1)
const { season } = SHAPE

test('nothing in a disturbed history comes from the future of its step', () => {
  const whole = disturbed(history, season, new Random(3))
  const start = { ...history, values: history.values.slice(0, 2000) }
  assert.deepEqual(disturbed(start, season, new Random(3)).values, whole.values.slice(0, 2000))
  assert.notDeepEqual(whole.values, history.values)
})

test('the first long seasons are as they were, and what changes is level or rhythm, within bounds', () => {
  const { values } = disturbed(history, season, new Random(5))
  assert.deepEqual(values.slice(0, 3 * season.long), history.values.slice(0, 3 * season.long))
  const levels = (t: number): number[] =>
    Array.from({ length: season.short }, (_, lag) => values[t]! / history.values[t - lag]!)
  let changes = 0
  for (let t = 3 * season.long; t < values.length; t++) {
    const before = levels(t - 1)
    const kept = levels(t).filter((level, lag) => Math.abs(level - before[lag]!) < 1e-9)
    if (kept.length === 0) changes++
    else assert.ok(kept.some((level) => level >= 1 / 1.6 && level <= 1.6))
  }
  const most = values.length / (3 * season.long)
  assert.ok(changes >= most / 4 && changes <= most, `${changes} changes`)
})

test('missing values stay missing, those before the first one included', () => {
  const gaps = { ...history, values: history.values.map((v, t) => (t < 40 || t % 50 === 7 ? NaN : v)) }
  const layout = new StateLayout(SHAPE)
  const before = encodeHistory(layout, gaps, 0)!
  const after = encodeHistory(layout, disturbed(gaps, season, new Random(1)), 0)!
  assert.equal(after.start, before.start)
  assert.equal(after.length, before.length)
  const missing = (mask: Uint8Array): number => mask.reduce((sum, one) => sum + 1 - one, 0)
  assert.ok(Math.abs(missing(after.mask) - missing(before.mask)) <= 10)
})

test('disturbed ranges are drawn as often as configured, and not at all without a season or share', () => {
  const layout = new StateLayout(SHAPE)
  const series = encodeHistory(layout, history, 0)!
  const ranges = [{ series, end: 1500 }]
  const [range] = disturbedRanges(layout, [history], 0.2, new Random(1))(ranges)
  assert.equal(range!.end, 1500)
  assert.ok(Math.abs(range!.weight! - 0.25) < 1e-9, 'a fifth of both')
  assert.deepEqual(disturbedRanges(layout, [history], 0, new Random(1))(ranges), [])
  const walk = new StateLayout({ ...SHAPE, season: { short: 1, long: 1 } })
  assert.deepEqual(disturbedRanges(walk, [history], 0.2, new Random(1))(ranges), [])
})
