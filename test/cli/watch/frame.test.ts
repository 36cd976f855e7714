import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frame, type Watched } from '../../../src/cli/watch/frame.js'

const HOUR = 3_600_000
const steps = (offset: number): number[] => Array.from({ length: 12 }, (_, h) => 100 + offset + h)
const WATCHED: Watched = {
  pipeline: 'load',
  series: 'north',
  observations: Array.from({ length: 60 }, (_, t) => [t * HOUR, t === 30 ? null : 100 + (t % 7)] as const),
  forecast: {
    pipeline: 'load',
    series: 'north',
    origin: new Date(59 * HOUR).toISOString(),
    interval: 'PT1H',
    horizon: 12,
    model: 'gru@3',
    quantiles: { '0.1': steps(-8), '0.5': steps(0), '0.9': steps(8) },
  },
  state: { mase: 0.5, coverage: 0.81 },
  status: null,
  trouble: null,
}
const BRAILLE = /[\u2801-\u28ff]/
const ESCAPE = new RegExp(String.fromCharCode(27))

test('a frame fits its screen, whatever its size, and has line, band and figures', () => {
  for (const size of [
    { columns: 80, rows: 24 },
    { columns: 31, rows: 10 },
    { columns: 200, rows: 60 },
  ]) {
    const lines = frame(WATCHED, size, false)
    assert.ok(lines.length <= size.rows)
    for (const line of lines) assert.ok(Array.from(line).length <= size.columns, `${size.columns}: ${line}`)
    const text = lines.join('\n')
    assert.match(text, BRAILLE)
    assert.match(text, /░/)
  }
  const text = frame(WATCHED, { columns: 100, rows: 24 }, false).join('\n')
  assert.match(text, /north +load, gru@3/)
  assert.match(text, /last 103 at 1970-01-03 11:00 UTC · next 100 \(92 to 108\) · MASE 0.50 · coverage 81 %/)
  assert.match(text, /\+12/)
})

test('the median rises where the forecast does, and lies inside the band', () => {
  const lines = frame(WATCHED, { columns: 80, rows: 24 }, false).slice(3, -1)
  const right = lines.map((line) => Array.from(line).at(-1)!)
  const median = right.findIndex((one) => BRAILLE.test(one))
  const band = right.flatMap((one, row) => (one === '░' ? [row] : []))
  assert.ok(median >= 0 && band.some((row) => row < median) && band.some((row) => row > median))
  assert.ok(median < lines.length / 2, 'it ends high')
})

test('colours are left out where they are not wanted', () => {
  const size = { columns: 80, rows: 24 }
  assert.doesNotMatch(frame(WATCHED, size, false).join('\n'), ESCAPE)
  assert.match(frame(WATCHED, size, true).join('\n'), ESCAPE)
})

test('no name, however hostile, makes the terminal do anything', () => {
  const series = '\u001B]0;title\u0007\u001B[2J\r\n\u202Eevil\u2028' + 'x'.repeat(10_000)
  const lines = frame({ ...WATCHED, series }, { columns: 80, rows: 24 }, false)
  assert.doesNotMatch(lines.join(''), /[\p{Cc}\p{Cf}\u2028]/u)
  assert.ok(lines.every((line) => Array.from(line).length <= 80))
})

test('what is missing is said: no observation, no forecast, a connection that is gone, a screen too small', () => {
  const size = { columns: 80, rows: 24 }
  const empty = frame({ ...WATCHED, observations: [], forecast: null, state: null }, size, false).join('\n')
  assert.match(empty, /no forecast yet/)
  assert.match(empty, /nothing observed yet/)
  assert.match(frame({ ...WATCHED, trouble: 'disconnected' }, size, false)[2]!, /disconnected/)
  assert.match(frame(WATCHED, { columns: 29, rows: 24 }, false)[0]!, /a screen of/)
  frame({ ...WATCHED, observations: [[0, 5]] }, size, false)
  frame({ ...WATCHED, observations: [[0, null]], forecast: null }, size, false)
})
