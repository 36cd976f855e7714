import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EVERY_SERIES, KnownAhead } from '../../src/core/known-ahead.js'

const HOUR = 3_600_000

function window(known: KnownAhead, series: string, from: number, count: number): number[] {
  const out = new Float32Array(count * known.width)
  known.window(series, from, count, out, 0)
  return [...out]
}

test('the latest value of a step wins, that of the series before that of all, and what was not told is missing', () => {
  const known = new KnownAhead(2, HOUR, 1000)
  known.put(EVERY_SERIES, 10 * HOUR, [1, 2])
  known.put(EVERY_SERIES, 11 * HOUR, [3, null])
  assert.deepEqual(window(known, 'a', 9, 3), [NaN, NaN, 1, 2, 3, NaN])
  known.put('a', 10 * HOUR + 1800_000, [7, undefined])
  assert.deepEqual(window(known, 'a', 10, 1), [7, 2])
  assert.deepEqual(window(known, 'b', 10, 1), [1, 2])
  known.put(EVERY_SERIES, 10 * HOUR, [undefined, 5])
  assert.deepEqual(window(known, 'b', 10, 1), [1, 5])
  known.put(EVERY_SERIES, 10 * HOUR, [null, undefined])
  assert.deepEqual(window(known, 'b', 10, 1), [NaN, 5])
  known.drop('a')
  assert.deepEqual(window(known, 'a', 10, 1), [NaN, 5])
  assert.equal(known.size, 2)
})

test('it never holds more than it may, and what goes are the oldest steps', () => {
  const known = new KnownAhead(1, HOUR, 100)
  for (let i = 0; i < 5000; i++) {
    known.put(`s${i % 7}`, i * HOUR, [i])
    assert.ok(known.size <= 100)
  }
  assert.deepEqual(window(known, 's1', 4999 - (4999 % 7) + 1 - 7, 1), [4999 - (4999 % 7) + 1 - 7])
  assert.deepEqual(window(known, 's1', 1, 1), [NaN])
  // Also where all came in the wrong order, or of one step.
  const backwards = new KnownAhead(1, HOUR, 100)
  for (let i = 5000; i > 0; i--) backwards.put('a', i * HOUR, [i])
  assert.ok(backwards.size <= 100)
  assert.deepEqual(window(backwards, 'a', 5000, 1), [5000])
  const crowd = new KnownAhead(1, HOUR, 100)
  for (let i = 0; i < 500; i++) crowd.put(`s${i}`, HOUR, [i])
  assert.ok(crowd.size <= 100)
})
