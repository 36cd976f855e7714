import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { Accuracy } from '../../src/core/accuracy.js'
import type { SeriesHistory } from '../../src/core/history.js'
import { Network } from '../../src/model/network.js'
import { evaluate } from '../../src/training/evaluate.js'
import { trainNetwork } from '../../src/training/train.js'
import { tensorflow } from '../model/backend.js'
import { TRAINING } from './configured.js'

const HOUR = 3_600_000
const DAY = 24
const HORIZON = 24
const SHAPE = {
  interval: HOUR,
  season: { short: DAY, long: 7 * DAY },
  horizon: HORIZON,
  quantiles: [0.1, 0.5, 0.9],
}
/** Days of a stretch before a change: calibration settles in the last of them; and after it. */
const LEAD = 42
const AFTER = 14
/** From one change to the next, days. */
const STRIDE = 12
/** Share of the data that is trained on; the changes lie in the rest. */
const KNOWN = 0.8
const CALIBRATION = { enabled: true, rate: 0.02 }

const file = new URL('../../../demo/electricity.csv.gz', import.meta.url)
const lines = gunzipSync(await readFile(file))
  .toString()
  .trim()
  .split('\n')
  .slice(1)
const values = Float64Array.from(lines, (line) => Number(line.split(',')[2]))
const start = Date.parse(lines[0]!.split(',')[1]!) / HOUR

function history(from: number, length: number, value: (t: number) => number): SeriesHistory {
  return {
    series: 'demand',
    start: start + from,
    values: Float64Array.from({ length }, (_, i) => value(from + i)),
    ts: Float64Array.from({ length }, (_, i) => (start + from + i) * HOUR),
  }
}

const recorded = (t: number): number => values[t]!

/** The electricity stream, changed from a step on, at 13 dates that the network has not seen. */
function changed(change: (t: number) => number): SeriesHistory[] {
  const histories: SeriesHistory[] = []
  const first = Math.floor(values.length * KNOWN)
  for (let from = first; from + (LEAD + AFTER) * DAY < values.length; from += STRIDE * DAY) {
    const at = from + LEAD * DAY
    histories.push(history(from, (LEAD + AFTER) * DAY, (t) => (t < at ? recorded(t) : change(t))))
  }
  return histories
}

let network: Network

before(async () => {
  const tf = tensorflow()
  const known = Math.floor(values.length * KNOWN)
  const year = 365 * DAY
  const { spec, weights } = await trainNetwork({
    tf,
    fused: true,
    histories: [history(known - year, year, recorded)],
    shape: SHAPE,
    model: { cell: 'gru', activation: 'tanh', layers: 1, hidden: 32 },
    training: { ...TRAINING, disturbed: 0.2, updates: 100, chunk: 96 },
    calibration: CALIBRATION,
    onProgress: () => undefined,
    signal: new AbortController().signal,
  })
  network = new Network(tf, spec, weights, { fused: true })
})

after(() => {
  network.dispose()
})

/** Scores of the targets from one day since the change to another. */
function streamed(histories: readonly SeriesHistory[]): (from: number, to: number) => Accuracy {
  const days = Array.from({ length: AFTER }, () => new Accuracy([0.1, 0.5, 0.9]))
  evaluate({
    network,
    histories,
    shape: SHAPE,
    from: histories.map(() => 8 * DAY),
    warmUp: 100,
    calibration: CALIBRATION,
    onForecast: (of, position, forecast) => {
      for (let h = 1; h <= HORIZON; h++) {
        const actual = of.values[position + h]
        if (actual === undefined) continue
        const [lower, median, upper] = forecast.subarray((h - 1) * 3, h * 3)
        days[Math.floor((position + h) / DAY) - LEAD]?.add(actual, lower!, median!, upper!, 1)
      }
    },
  })
  return (from, to) => {
    const sum = new Accuracy([0.1, 0.5, 0.9])
    for (const day of days.slice(from, to)) sum.merge(day)
    return sum
  }
}

test('after a level shift of 30 % the intervals cover again from the third day on', (t) => {
  const histories = [...changed((at) => 1.3 * recorded(at)), ...changed((at) => 0.7 * recorded(at))]
  const scored = streamed(histories)
  const coverage = (from: number, to: number): number => scored(from, to).scores().coverage!
  const daily = Array.from({ length: AFTER }, (_, day) => coverage(day, day + 1))
  t.diagnostic(`${histories.length} shifts, by day: ${daily.map((share) => share.toFixed(2)).join(' ')}`)
  t.diagnostic(`week from the third day on: ${coverage(2, 9).toFixed(3)}`)
  assert.ok(daily[0]! < 0.6, 'that is a shift')
  for (let day = 2; day < AFTER; day++) {
    assert.ok(coverage(2, day + 1) >= 0.7, `from the third day to day ${day + 1}: ${daily.join(', ')}`)
    assert.ok(daily[day]! >= 0.6, `on day ${day + 1}: ${daily.join(', ')}`)
  }
  assert.ok(coverage(2, 9) >= 0.77 && coverage(2, 9) <= 0.83, `${coverage(2, 9)}`)
})

test('after a change of rhythm by six hours forecasts are right again within a week', (t) => {
  const histories = changed((at) => recorded(at - 6))
  const scored = streamed(histories)
  const usual = streamed(changed(recorded))(7, 14).scores()
  const daily = Array.from({ length: AFTER }, (_, day) => scored(day, day + 1).scores())
  t.diagnostic(
    `${histories.length} changes, coverage: ${daily.map((day) => day.coverage!.toFixed(2)).join(' ')}`,
  )
  t.diagnostic(`loss: ${daily.map((day) => day.wql!.toFixed(3)).join(' ')}, usually ${usual.wql!.toFixed(3)}`)
  const second = scored(7, 14).scores()
  assert.ok(daily[0]!.wql! > 4 * usual.wql!, 'that is a change')
  assert.ok(second.wql! < 2 * usual.wql!, `second week: ${second.wql}, undisturbed ${usual.wql}`)
  assert.ok(second.coverage! >= 0.7 && second.coverage! <= 0.9, `second week: ${second.coverage}`)
})
