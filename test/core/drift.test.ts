import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DriftDetector, type DriftAlarm, type DriftMemory } from '../../src/core/drift.js'
import { StateLayout } from '../../src/core/layout.js'
import { Random } from '../../src/model/random.js'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const LAYOUT = new StateLayout({
  interval: HOUR,
  season: { short: 24, long: 168 },
  horizon: 24,
  quantiles: [0.1, 0.5, 0.9],
})
const OPTIONS = { threshold: 20, coolDown: 60 * DAY }

/** Days of hourly errors with heavy tails, which hang together over a day; biased from a day on. */
function alarms(
  days: number,
  seed: number,
  bias: (day: number) => number,
  detector = new DriftDetector(LAYOUT, OPTIONS),
): DriftAlarm[] {
  const random = new Random(seed)
  const raised: DriftAlarm[] = []
  detector.begin(1)
  for (let day = 0; day < days; day++) {
    const wild = random.uniform() < 0.05 ? 4 : 1
    const daily = 0.1 * random.normal() * wild
    for (let h = 0; h < 24; h++) {
      const index = day * 24 + h
      const alarm = detector.add(index, index * HOUR, daily + 0.4 * random.normal() * wild + bias(day))
      if (alarm !== null) raised.push(alarm)
    }
  }
  return raised
}

test('errors without drift, wild days and all, raise at most one alarm a year', () => {
  const years = 20
  let count = 0
  for (let seed = 1; seed <= years; seed++) count += alarms(365, seed, () => 0).length
  assert.ok(count <= years / 4, `${count} alarms in ${years} years`)
})

test('a bias that comes to stay is noticed within a week, once in a cool-down, with its sign', () => {
  for (const bias of [0.6, -0.6]) {
    const raised = alarms(200, 3, (day) => (day >= 100 ? bias : 0))
    assert.equal(raised.length, 1)
    const [alarm] = raised
    assert.ok(alarm!.at > 100 * DAY && alarm!.at <= 107 * DAY, String(alarm!.at / DAY))
    assert.equal(Math.sign(alarm!.bias), Math.sign(bias))
    assert.ok(Math.abs(alarm!.bias) > 2 * alarm!.usual)
  }
})

test('a detector that was stored and brought back goes on as if nothing had happened', () => {
  const drifting = (day: number): number => (day >= 60 ? 0.6 : 0)
  const whole = new DriftDetector(LAYOUT, OPTIONS)
  alarms(62, 9, drifting, whole)
  const stored = JSON.parse(JSON.stringify(whole.snapshot())) as DriftMemory
  const back = new DriftDetector(LAYOUT, OPTIONS)
  back.resume(stored)
  for (const detector of [whole, back]) {
    for (let i = 0; i < 240; i++) detector.add(62 * 24 + i, (62 * 24 + i) * HOUR, 0.6)
  }
  assert.deepEqual(back.snapshot(), whole.snapshot())
  assert.notEqual(back.alarm, null)
})

test('another network starts with a clean record, but a past alarm stays known', () => {
  const detector = new DriftDetector(LAYOUT, OPTIONS)
  alarms(120, 3, (day) => (day >= 100 ? 0.6 : 0), detector)
  const { alarm } = detector
  assert.notEqual(alarm, null)
  detector.begin(2)
  assert.equal(detector.score, 0)
  assert.deepEqual(detector.alarm, alarm)
})
