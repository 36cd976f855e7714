import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Calendar, isTimeZone } from '../../src/core/calendar.js'
import { StateLayout } from '../../src/core/layout.js'
import { observe } from '../../src/core/observe.js'
import { stepInputs } from '../../src/core/features.js'
import { SeriesTable } from '../../src/core/series-table.js'
import { stepWidth, targetCalendar, targetFeatures, TargetIndex } from '../../src/core/target-index.js'
import fc from '../support/properties.js'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const SHAPE = { interval: HOUR, season: { short: 24, long: 168 }, horizon: 48, quantiles: [0.1, 0.5, 0.9] }
const dayOf = (date: string): number => Date.parse(`${date}T00:00:00Z`) / DAY

/** What the platform's own clock of that zone shows, as ms of a clock that shows it. */
function shown(ts: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).formatToParts(ts)
  const part = (type: string): string => parts.find((one) => one.type === type)!.value
  const [date, time] = [
    ['year', 'month', 'day'],
    ['hour', 'minute', 'second'],
  ].map((names) => names.map(part))
  return Date.parse(`${date!.join('-')}T${time!.join(':')}Z`)
}

test('local time is what the clocks of the zone show, on both sides of every change', () => {
  const zones = [
    'Europe/Berlin',
    'America/Chicago',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
    'America/St_Johns',
  ]
  const second = fc.integer({ min: Date.parse('1990-01-01') / 1000, max: Date.parse('2035-01-01') / 1000 })
  for (const timeZone of zones) {
    const calendar = new Calendar({ timeZone, holidays: [], days: [] })
    fc.assert(
      fc.property(second, (s) => {
        assert.equal(calendar.local(s * 1000), shown(s * 1000, timeZone))
      }),
      { numRuns: 100 },
    )
  }
  const berlin = new Calendar({ timeZone: 'Europe/Berlin', holidays: [], days: [] })
  for (const change of ['2024-03-31T01:00:00Z', '2024-10-27T01:00:00Z']) {
    for (const away of [-1, 0, 1, DAY, -DAY]) {
      const ts = Date.parse(change) + away
      assert.equal(
        berlin.local(ts),
        Math.floor(shown(ts, 'Europe/Berlin') / 1000) * 1000 + (((ts % 1000) + 1000) % 1000),
      )
    }
  }
})

test('UTC is the time stamp itself, under whatever name', () => {
  for (const timeZone of ['UTC', 'Etc/UTC', 'GMT']) {
    const calendar = new Calendar({ timeZone, holidays: [], days: [] })
    assert.ok(calendar.isUtc)
    assert.equal(calendar.local(1234.5), 1234.5)
  }
  assert.ok(isTimeZone('Europe/Lisbon') && !isTimeZone('Europe/Atlantis') && !isTimeZone(''))
})

test('a target is in the hour and on the weekday that the clocks there show, also over a change of the clocks', () => {
  const layout = new StateLayout({
    ...SHAPE,
    calendar: { timeZone: 'Europe/Berlin', holidays: [], days: [] },
  })
  // Saturday, 30 March 2024, 12:00 in Berlin; the clocks go forward in the night.
  const ts = Date.parse('2024-03-30T11:00:00Z')
  const rows = new Int32Array(48)
  targetCalendar(new TargetIndex(layout), ts / HOUR, ts, rows, 0)
  rows.forEach((row, h) => {
    const local = new Date(shown(ts + (h + 1) * HOUR, 'Europe/Berlin'))
    assert.equal(row, ((local.getUTCDay() + 6) % 7) * 24 + local.getUTCHours(), `step ${h + 1}`)
  })
})

test('daily steps keep to their local days when the clocks change', () => {
  const calendar = { timeZone: 'Europe/Berlin', holidays: [], days: [] }
  const layout = new StateLayout({
    ...SHAPE,
    interval: DAY,
    season: { short: 7, long: 7 },
    horizon: 7,
    calendar,
  })
  // Local midnight of Friday, 25 October 2024; on Sunday the clocks go back, and midnight is an hour later.
  const ts = Date.parse('2024-10-24T22:00:00Z')
  const rows = new Int32Array(7)
  targetCalendar(new TargetIndex(layout), Math.floor(ts / DAY), ts, rows, 0)
  assert.deepEqual(
    [...rows].map((row) => Math.floor(row / 7)),
    [5, 6, 0, 1, 2, 3, 4],
  )
})

test('holidays are told of the step, of each target, and of the days that seasonal forecasts come from', () => {
  const calendar = { timeZone: 'America/New_York', holidays: [], days: [dayOf('2024-07-04')] }
  const layout = new StateLayout({ ...SHAPE, calendar })
  assert.equal(stepWidth(layout), stepWidth(new StateLayout(SHAPE)) + 3)
  assert.equal(targetFeatures(layout).all, targetFeatures(new StateLayout(SHAPE)).all + 5)
  const target = new TargetIndex(layout)
  const at = (iso: string): number => Date.parse(iso)
  const flags = (origin: string, k: number): number[] => [
    ...target.holidays(at(origin)).subarray((k - 1) * 5, k * 5),
  ]
  // 4 July begins at 04:00Z: of an origin at 02:00Z, the first target is on the 3rd still, the second on the 4th.
  assert.deepEqual(flags('2024-07-04T02:00:00Z', 1), [0, 0, 1, 0, 0])
  assert.deepEqual(flags('2024-07-04T02:00:00Z', 2), [1, 0, 0, 0, 0])
  // A day after it, what was there one short season before is the holiday's; a week after it, what was there a long one before.
  assert.deepEqual(flags('2024-07-05T12:00:00Z', 1), [0, 1, 0, 1, 0])
  assert.deepEqual(flags('2024-07-11T12:00:00Z', 1), [0, 0, 0, 0, 1])

  const table = new SeriesTable(layout, 1)
  table.reset(0)
  const trace = { p7Before: 0, step: 0 }
  const out = new Float32Array(stepWidth(layout))
  for (const [iso, expected] of [
    ['2024-07-04T03:00:00Z', [0, 0, 1]],
    ['2024-07-04T04:00:00Z', [1, 0, 0]],
    ['2024-07-05T04:00:00Z', [0, 1, 0]],
  ] as const) {
    observe(table, 0, at(iso) / HOUR, 5, trace)
    stepInputs(table, 0, at(iso) / HOUR, at(iso), true, trace, out, 0)
    assert.deepEqual([...out.subarray(13)], expected, iso)
  }
})

test('on the observation grid no target has a day, and holidays are told of steps alone', () => {
  const layout = new StateLayout({
    ...{ interval: 0, season: { short: 1, long: 1 }, horizon: 5, quantiles: [0.1, 0.5, 0.9] },
    calendar: { timeZone: 'America/New_York', holidays: [], days: [dayOf('2024-07-04')] },
  })
  assert.deepEqual([stepWidth(layout), targetFeatures(layout).all], [16, 1])
})
