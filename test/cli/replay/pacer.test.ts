import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FileObservation } from '../../../src/adapters/files/observations.js'
import { createPacer } from '../../../src/cli/replay/pacer.js'
import { parseRate, type Rate } from '../../../src/cli/replay/rate.js'
import { sleepingTimer } from './harness.js'

const HOUR = 3_600_000
const never = new AbortController().signal

function rowsAt(...hours: readonly number[]): FileObservation[] {
  return hours.map((hour) => ({ series: 'a', ts: new Date(hour * HOUR).toISOString(), value: 1 }))
}

/** At which time, in ms, each row goes. */
async function departures(rate: Rate, rows: readonly FileObservation[]): Promise<number[]> {
  const timer = sleepingTimer()
  const pacer = createPacer(rate, timer)
  const times: number[] = []
  while (times.length < rows.length) {
    const count = await pacer.take(rows, times.length, never)
    assert.ok(count > 0)
    for (let i = 0; i < count; i++) times.push(timer.now())
  }
  return times
}

test('rates are read as they are written', () => {
  assert.deepEqual(parseRate('max'), { kind: 'max' })
  assert.deepEqual(parseRate('2500'), { kind: 'records', perSecond: 2500 })
  assert.deepEqual(parseRate('0.5'), { kind: 'records', perSecond: 0.5 })
  assert.deepEqual(parseRate('realtime'), { kind: 'realtime', factor: 1 })
  assert.deepEqual(parseRate('realtime×60'), { kind: 'realtime', factor: 60 })
  assert.deepEqual(parseRate('realtimex60'), { kind: 'realtime', factor: 60 })
  for (const text of ['', '0', '-1', 'fast', 'Infinity', 'realtime×0', 'realtime×', 'realtimex-2']) {
    assert.equal(parseRate(text), null, text)
  }
})

for (const perSecond of [0.5, 3, 100, 10_000]) {
  test(`no more than ${perSecond} records per second go, and hardly fewer`, async () => {
    const times = await departures({ kind: 'records', perSecond }, rowsAt(...Array<number>(1000).fill(0)))
    for (const [i, time] of times.entries()) {
      const due = (i / perSecond) * 1000
      assert.ok(time >= due - 1e-6, `row ${i} goes at ${time}, ${due - time} ms early`)
      assert.ok(time <= due + 100, `row ${i} goes at ${time}, ${time - due} ms late`)
    }
  })
}

test('what a stall held up does not go all at once', async () => {
  const timer = sleepingTimer()
  const pacer = createPacer({ kind: 'records', perSecond: 10 }, timer)
  const rows = rowsAt(...Array<number>(1000).fill(0))
  await timer.sleep(60_000, never)
  assert.equal(await pacer.take(rows, 0, never), 10)
})

test('realtime keeps the gaps between time stamps, divided by the factor', async () => {
  const times = await departures({ kind: 'realtime', factor: 3600 }, rowsAt(5, 5, 6, 6.5, 30))
  assert.deepEqual(times, [0, 0, 1000, 1500, 25_000])
})

test('a row that is late in event time goes with the one before it', async () => {
  const times = await departures({ kind: 'realtime', factor: 3600 }, rowsAt(5, 7, 6, 4, 8))
  assert.deepEqual(times, [0, 2000, 2000, 2000, 3000])
})

test('nothing goes once the signal has fired, also while waiting', async () => {
  for (const rate of [
    { kind: 'max' },
    { kind: 'records', perSecond: 0.001 },
    { kind: 'realtime', factor: 1 },
  ] as const) {
    const stop = new AbortController()
    const pacer = createPacer(
      rate,
      sleepingTimer(() => stop.abort()),
    )
    assert.ok((await pacer.take(rowsAt(0), 0, stop.signal)) > 0)
    if (rate.kind === 'max') stop.abort()
    assert.equal(await pacer.take(rowsAt(0, 100), 1, stop.signal), 0)
  }
})
