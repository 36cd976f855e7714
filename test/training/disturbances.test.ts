import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
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
/** Days of a stretch before the shift: calibration settles in the last of them; and after it. */
const LEAD = 42
const AFTER = 14
/** From one shift to the next, days. */
const STRIDE = 12
/** Share of the data that is trained on; the shifts lie in the rest. */
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

function history(from: number, length: number, change: (i: number) => number): SeriesHistory {
  return {
    series: 'demand',
    start: start + from,
    values: Float64Array.from({ length }, (_, i) => change(i) * values[from + i]!),
    ts: Float64Array.from({ length }, (_, i) => (start + from + i) * HOUR),
  }
}

/** The electricity stream with its level changed by so much, at 13 dates that the network has not seen. */
function shifted(factor: number): SeriesHistory[] {
  const histories: SeriesHistory[] = []
  const first = Math.floor(values.length * KNOWN)
  for (let at = first + LEAD * DAY; at + AFTER * DAY < values.length; at += STRIDE * DAY) {
    const before = LEAD * DAY
    histories.push(history(at - before, (LEAD + AFTER) * DAY, (i) => (i < before ? 1 : factor)))
  }
  return histories
}

test('after a level shift of 30 % the intervals cover again from the third day on', async (t) => {
  const tf = tensorflow()
  const known = Math.floor(values.length * KNOWN)
  const year = 365 * DAY
  const { spec, weights } = await trainNetwork({
    tf,
    fused: true,
    histories: [history(known - year, year, () => 1)],
    shape: SHAPE,
    model: { cell: 'gru', activation: 'tanh', layers: 1, hidden: 32 },
    training: { ...TRAINING, updates: 60, chunk: 96 },
    calibration: CALIBRATION,
    onProgress: () => undefined,
    signal: new AbortController().signal,
  })
  const network = new Network(tf, spec, weights, { fused: true })
  const histories = [...shifted(1.3), ...shifted(0.7)]
  /** By day since the shift: targets inside their interval, and all. */
  const days = Array.from({ length: AFTER }, () => [0, 0] as [number, number])
  try {
    evaluate({
      network,
      histories,
      shape: SHAPE,
      from: histories.map(() => 8 * DAY),
      warmUp: 100,
      calibration: CALIBRATION,
      onForecast: (of, position, forecast) => {
        for (let h = 1; h <= HORIZON; h++) {
          const target = position + h
          const counts = days[Math.floor(target / DAY) - LEAD]
          if (counts === undefined || target >= of.values.length) continue
          const value = of.values[target]!
          const [lower, upper] = [forecast[(h - 1) * 3]!, forecast[(h - 1) * 3 + 2]!]
          if (value >= lower && value <= upper) counts[0]++
          counts[1]++
        }
      },
    })
  } finally {
    network.dispose()
  }
  const coverage = (from: number, to: number): number => {
    const [inside, all] = days.slice(from, to).reduce(([a, b], [c, d]) => [a + c, b + d], [0, 0])
    return inside / all
  }
  const daily = days.map((_, day) => coverage(day, day + 1))
  t.diagnostic(`${histories.length} shifts, by day: ${daily.map((share) => share.toFixed(2)).join(' ')}`)
  t.diagnostic(`week from the third day on: ${coverage(2, 9).toFixed(3)}`)
  assert.ok(daily[0]! < 0.6, 'that is a shift')
  for (let day = 2; day < AFTER; day++) {
    assert.ok(coverage(2, day + 1) >= 0.7, `from the third day to day ${day + 1}: ${daily.join(', ')}`)
    assert.ok(daily[day]! >= 0.6, `on day ${day + 1}: ${daily.join(', ')}`)
  }
  assert.ok(coverage(2, 9) >= 0.77 && coverage(2, 9) <= 0.83, `${coverage(2, 9)}`)
})
