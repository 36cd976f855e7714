import assert from 'node:assert/strict'
import { test } from 'node:test'
import { actuals, type Actuals, type GridForm } from '../../../src/cli/backtest/actuals.js'

const HOUR = 3_600_000
const MINUTE = 60_000

function series(
  rows: readonly (readonly [ts: number, value: number | null])[],
  form: Partial<GridForm> = {},
): Actuals {
  const given = { interval: HOUR, aggregate: 'none', season: 1, test: 0.5, ...form } as const
  return actuals(
    rows.map(([ts, value]) => ({ series: 'a', ts, value })),
    given,
  ).get('a')!
}

test('rows lie in the interval of the grid that they lie in for the stream, however unpunctual they are', () => {
  const rows = [59, 5, 30, 0].map((minute, i): [number, number] => [(100 + i) * HOUR + minute * MINUTE, i])
  const { values, test: from, testFrom, position } = series(rows)
  assert.deepEqual([...values], [0, 1, 2, 3])
  rows.forEach(([ts], i) => assert.equal(position(ts), i))
  assert.equal(from, 2)
  // Later than every row before the test part, not later than any row of it.
  assert.ok(testFrom > rows[1]![0] && testFrom <= rows[2]![0])
})

test('gaps are missing values, and of two readings the first counts', () => {
  const { values } = series([
    [0, 1],
    [2 * HOUR, 3],
    [2 * HOUR, 4],
    [3 * HOUR, null],
  ])
  assert.deepEqual([...values], [1, NaN, 3, NaN])
})

test('several readings of an interval are put together as the pipeline is to', () => {
  const rows = [
    [0, 1],
    [10 * MINUTE, null],
    [30 * MINUTE, 5],
    [20 * MINUTE, 3],
    [HOUR, 7],
  ] as const
  for (const [aggregate, first] of [
    ['mean', 3],
    ['sum', 9],
    ['last', 5],
    ['none', 1],
  ] as const) {
    assert.deepEqual([...series(rows, { aggregate }).values], [first, 7], aggregate)
  }
})

test('without a grid each row is a step', () => {
  const { values, ts, position } = series(
    [
      [0, 1],
      [5, 2],
      [HOUR, 4],
    ],
    { interval: 0 },
  )
  assert.deepEqual([...values], [1, 2, 4])
  assert.deepEqual([...ts], [0, 5, HOUR])
  assert.equal(position(5), 1)
  assert.equal(position(6), undefined)
})
