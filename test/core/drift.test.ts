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
const OPTIONS = { threshold: 12, coolDown: 60 * DAY }

/** What is done to errors, and to the change since a week before, from a day on. */
interface Change {
  readonly from: number
  readonly spread?: number
  readonly level?: number
  /** Added to the first half of each day, and taken from the second. */
  readonly rhythm?: number
}

/** Days of hourly errors with heavy tails, which hang together over a day, and of weekly changes. */
function alarms(
  days: number,
  seed: number,
  { from, spread = 1, level = 0, rhythm = 0 }: Change = { from: Infinity },
  detector = new DriftDetector(LAYOUT, OPTIONS),
): DriftAlarm[] {
  const random = new Random(seed)
  const raised: DriftAlarm[] = []
  detector.begin(1)
  for (let day = 0; day < days; day++) {
    const wild = random.uniform() < 0.05 ? 4 : 1
    const daily = 0.1 * random.normal() * wild
    const warmth = 0.4 * random.normal() * wild
    const scale = day >= from ? spread : 1
    const lasts = day >= from && day < from + 7
    for (let h = 0; h < 24; h++) {
      const index = day * 24 + h
      const error = scale * (daily + 0.4 * random.normal() * wild)
      const moved = lasts ? level + (h < 12 ? rhythm : -rhythm) : 0
      const change = moved + warmth + 0.5 * random.normal()
      const alarm = detector.add(index, index * HOUR, error, change)
      if (alarm !== null) raised.push(alarm)
    }
  }
  return raised
}

test('errors without drift, wild days and all, raise at most one alarm in four years', () => {
  const years = 20
  let count = 0
  for (let seed = 1; seed <= years; seed++) count += alarms(365, seed).length
  assert.ok(count <= years / 4, `${count} alarms in ${years} years`)
})

test('errors that grow, and a level or rhythm that changes, are noticed within a week, once in a cool-down', () => {
  for (const [sign, change] of [
    ['error', { from: 100, spread: 2 }],
    ['change', { from: 100, level: 4 }],
    ['change', { from: 100, level: -4 }],
    ['change', { from: 100, rhythm: 3 }],
  ] as const) {
    const raised = alarms(155, 5, change)
    assert.equal(raised.length, 1, JSON.stringify({ change, raised }))
    const [alarm] = raised
    assert.equal(alarm!.sign, sign)
    assert.ok(alarm!.at > 100 * DAY && alarm!.at <= 107 * DAY, String(alarm!.at / DAY))
    assert.ok(alarm!.value > 1.5 * alarm!.usual)
  }
})

test('a change that lasts three days only, such as a heat wave, is none', () => {
  const detector = new DriftDetector(LAYOUT, OPTIONS)
  detector.begin(1)
  const random = new Random(4)
  for (let i = 0; i < 120 * 24; i++) {
    const hot = i >= 100 * 24 && i < 103 * 24
    const change = (hot ? 6 : 0) + 0.4 * random.normal()
    assert.equal(detector.add(i, i * HOUR, 0.4 * random.normal(), change), null)
  }
})

/** Days of hourly steps of a level that moves on day 100 as told; the network follows within an hour. */
function levelAlarms(
  moved: (hoursSince: number) => number,
  { series = 1, moving = 1, days = 107 } = {},
  detector = new DriftDetector(LAYOUT, OPTIONS),
): DriftAlarm[] {
  const random = new Random(11)
  const raised: DriftAlarm[] = []
  detector.begin(1)
  const level = (i: number): number => (i < 100 * 24 ? 0 : moved(i - 100 * 24))
  for (let i = 0; i < days * 24; i++) {
    const warmth = 0.5 * Math.sin(i / 50)
    for (let s = 0; s < series; s++) {
      const at = (t: number): number => (s < moving ? level(t) : 0)
      const error = 0.3 * random.normal() + at(i) - at(i - 1)
      const change = warmth + 0.5 * random.normal() + at(i) - at(i - 168)
      const alarm = detector.add(i, i * HOUR, error, change)
      if (alarm !== null) raised.push(alarm)
    }
  }
  return raised
}

test('a level that moves at once and stays is noticed after three days, up or down', () => {
  for (const size of [4, -4]) {
    const [alarm, ...more] = levelAlarms(() => size, { days: 150 })
    assert.equal(alarm?.sign, 'shift')
    assert.ok(alarm.at > 102.8 * DAY && alarm.at <= 104 * DAY, String(alarm.at / DAY))
    assert.ok(Math.abs(alarm.value - 4) < 1.5, String(alarm.value))
    assert.deepEqual(more, [], 'nor is it an alarm that a week later all is as it was a week before')
  }
})

test('a level that moves over two days, one bad day, and one series of many are no shift', () => {
  assert.deepEqual(
    levelAlarms((h) => Math.min(4, h / 12)).filter(({ sign }) => sign === 'shift'),
    [],
  )
  assert.deepEqual(
    levelAlarms((h) => (h < 24 ? 4 : 0)).filter(({ sign }) => sign === 'shift'),
    [],
  )
  assert.deepEqual(
    levelAlarms(() => 4, { series: 20, moving: 1 }),
    [],
  )
  assert.equal(levelAlarms(() => 4, { series: 20, moving: 20 })[0]?.sign, 'shift', 'all of them are')
})

test('a shift that comes soon after another kind of alarm is noticed, one after a shift only when the cool-down is over', () => {
  for (const [sign, times] of [
    ['error', 2],
    ['shift', 1],
  ] as const) {
    const detector = new DriftDetector(LAYOUT, OPTIONS)
    detector.begin(1)
    levelAlarms(() => 0, { days: 80 }, detector)
    const memory = detector.snapshot()
    const earlier: DriftAlarm = { at: 80 * DAY, sign, value: 1, usual: 0.3, periods: 3 }
    detector.resume({ ...memory, alarm: earlier })
    const random = new Random(2)
    const raised: DriftAlarm[] = [earlier]
    for (let i = 80 * 24; i < 107 * 24; i++) {
      const moved = i >= 100 * 24
      const error = 0.3 * random.normal() + (i === 100 * 24 ? 4 : 0)
      const change = 0.5 * random.normal() + (moved ? 4 : 0)
      const alarm = detector.add(i, i * HOUR, error, change)
      if (alarm !== null) raised.push(alarm)
    }
    assert.equal(raised.length, times, JSON.stringify(raised))
  }
})

test('a detector stored in the middle of a shift raises the same alarm, and one of before shifts were looked for goes on', () => {
  const whole = new DriftDetector(LAYOUT, OPTIONS)
  levelAlarms(() => 4, { days: 102 }, whole)
  const stored = JSON.parse(JSON.stringify(whole.snapshot())) as DriftMemory
  assert.ok(JSON.stringify(stored).length < 8000, 'a snapshot holds it')
  const back = new DriftDetector(LAYOUT, OPTIONS)
  back.resume(stored)
  const { shift: _none, ...older } = stored
  const before = new DriftDetector(LAYOUT, OPTIONS)
  before.resume(older)
  for (const detector of [whole, back, before]) {
    for (let i = 102 * 24; i < 105 * 24; i++) detector.add(i, i * HOUR, 0.1, 4)
  }
  assert.equal(whole.alarm?.sign, 'shift')
  assert.deepEqual(back.snapshot(), whole.snapshot())
  assert.notEqual(before.alarm?.sign, 'shift')
})

test('where there is no season, only errors count', () => {
  const detector = new DriftDetector(LAYOUT, OPTIONS)
  const random = new Random(4)
  const day = (d: number, size: number): DriftAlarm | null => {
    let raised: DriftAlarm | null = null
    for (let h = 0; h < 24; h++) {
      raised ??= detector.add(d * 24 + h, (d * 24 + h) * HOUR, size * random.normal(), NaN)
    }
    return raised
  }
  for (let d = 0; d < 60; d++) assert.equal(day(d, 0.4), null)
  let alarm: DriftAlarm | null = null
  for (let d = 60; d < 67; d++) alarm ??= day(d, 1)
  assert.equal(alarm?.sign, 'error')
})

test('a detector that was stored and brought back goes on as if nothing had happened', () => {
  const change = { from: 60, spread: 3 }
  const whole = new DriftDetector(LAYOUT, OPTIONS)
  alarms(62, 9, change, whole)
  const stored = JSON.parse(JSON.stringify(whole.snapshot())) as DriftMemory
  const back = new DriftDetector(LAYOUT, OPTIONS)
  back.resume(stored)
  for (const detector of [whole, back]) {
    for (let i = 0; i < 240; i++) detector.add(62 * 24 + i, (62 * 24 + i) * HOUR, 2, 0)
  }
  assert.deepEqual(back.snapshot(), whole.snapshot())
  assert.notEqual(back.alarm, null)
})

test('another network starts with a clean record, but a past alarm stays known', () => {
  const detector = new DriftDetector(LAYOUT, OPTIONS)
  alarms(120, 3, { from: 100, spread: 3 }, detector)
  const { alarm } = detector
  assert.notEqual(alarm, null)
  detector.begin(2)
  assert.equal(detector.score, 0)
  assert.deepEqual(detector.alarm, alarm)
})
