import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../support/properties.js'
import { GridAligner, type GridOptions } from '../../src/core/grid.js'
import { StateLayout } from '../../src/core/layout.js'
import { SeriesTable } from '../../src/core/series-table.js'
import { StepList } from '../../src/core/steps.js'

const MINUTE = 60_000

function grid(options: Partial<GridOptions> = {}) {
  const all: GridOptions = {
    interval: MINUTE,
    aggregate: 'none',
    allowedLateness: 0,
    maxGapSteps: 3,
    ...options,
  }
  const shape = {
    interval: all.interval,
    season: { short: 4, long: 8 },
    horizon: 2,
    quantiles: [0.1, 0.5, 0.9],
  }
  const table = new SeriesTable(new StateLayout(shape), 2)
  table.reset(0)
  table.reset(1)
  const steps = new StepList()
  const aligner = new GridAligner(all, table, steps)
  let record = 0
  return {
    table,
    aligner,
    /** Minutes, of which fractions are allowed. */
    accept: (minute: number, value: number, slot = 0) =>
      aligner.accept(slot, minute * MINUTE, value, record++),
    /** What became due since the last call: slot, minute, value, steps skipped, record that caused it. */
    due: (): (readonly [number, number, number, number, number])[] => {
      const due = Array.from({ length: steps.length }, (_, i) => {
        const minute = all.interval === 0 ? steps.ts[i]! / MINUTE : (steps.index[i]! * all.interval) / MINUTE
        return [steps.slots[i]!, minute, steps.value[i]!, steps.skipped[i]!, steps.record[i]!] as const
      })
      steps.clear()
      return due
    },
  }
}

test('an observation is one step, at the interval that its time stamp lies in', () => {
  const { accept, due, table } = grid()
  assert.equal(accept(10.9, 7), 'accepted')
  assert.deepEqual(due(), [[0, 10, 7, 0, 0]])
  assert.equal(table.f64[1], 10.9 * MINUTE) // its own time stamp is kept: the origin is that of a real observation
  assert.equal(accept(-3, 1, 1), 'accepted') // before 1970
  assert.deepEqual(due(), [[1, -3, 1, 0, 1]])
})

test('missing steps are masked one by one, up to the longest gap; a longer one is passed over', () => {
  const { accept, due } = grid({ maxGapSteps: 3 })
  accept(0, 1)
  accept(4, 2)
  assert.deepEqual(due(), [
    [0, 0, 1, 0, 0],
    [0, 1, NaN, 0, 1],
    [0, 2, NaN, 0, 1],
    [0, 3, NaN, 0, 1],
    [0, 4, 2, 0, 1],
  ])
  accept(9, 3)
  assert.deepEqual(due(), [[0, 9, 3, 4, 2]])
})

test('a null is a masked step; one before any value is ignored', () => {
  const { accept, due } = grid()
  assert.equal(accept(0, NaN), 'accepted')
  assert.equal(accept(0, 5), 'accepted') // so it has not taken the interval either
  assert.equal(accept(1, NaN), 'accepted')
  assert.equal(accept(7, NaN), 'accepted')
  assert.deepEqual(due(), [
    [0, 0, 5, 0, 1],
    [0, 1, NaN, 0, 2],
    [0, 7, NaN, 5, 3],
  ])
})

test('without aggregation the first reading of an interval counts: others are duplicates, older ones late, and neither leaves a trace', () => {
  const { accept, due, table } = grid()
  accept(5, 1)
  due()
  const before = table.f64.slice()
  assert.equal(accept(5.5, 2), 'duplicate')
  assert.equal(accept(5, 1), 'duplicate')
  assert.equal(accept(4, 2), 'late')
  assert.equal(accept(4, NaN), 'late')
  assert.deepEqual(due(), [])
  assert.deepEqual(table.f64, before)
})

test('on the observation grid the next observation is the next step, whatever lies between', () => {
  const { accept, due } = grid({ interval: 0 })
  assert.equal(accept(0, NaN), 'accepted')
  assert.deepEqual(
    [accept(1, 10), accept(5000, 11), accept(5000.5, NaN)],
    ['accepted', 'accepted', 'accepted'],
  )
  assert.deepEqual([accept(5000.5, 12), accept(5000, 12)], ['duplicate', 'late'])
  assert.deepEqual(due(), [
    [0, 1, 10, 0, 1],
    [0, 5000, 11, 0, 2],
    [0, 5000.5, NaN, 0, 3],
  ])
})

for (const [aggregate, expected] of [
  ['last', 5],
  ['mean', 4],
  ['sum', 12],
] as const) {
  test(`several readings of an interval are taken together (${aggregate}) when the next one opens`, () => {
    const { accept, due } = grid({ aggregate, allowedLateness: 10 * MINUTE })
    accept(0.1, 1)
    accept(0.9, 5)
    accept(0.5, 6) // out of order within the interval: still the last by its time stamp is the last
    accept(0.2, NaN)
    assert.deepEqual(due(), [])
    accept(1, 9)
    assert.deepEqual(due(), [[0, 0, expected, 0, 4]])
    assert.equal(accept(0.95, 1), 'late')
  })
}

test('the watermark of the partition closes intervals of all its series, after the allowed lateness', () => {
  const { accept, due } = grid({ aggregate: 'mean', allowedLateness: 2 * MINUTE })
  accept(0, 1, 0)
  accept(2.9, 5, 1) // the watermark is at 0.9: interval 0 is still open
  assert.equal(accept(0.5, 3, 0), 'accepted')
  assert.deepEqual(due(), [])
  accept(3, 7, 1) // at 1.0; and the series' own next interval opens
  assert.deepEqual(due(), [
    [1, 2, 5, 0, 3],
    [0, 0, 2, 0, 3],
  ])
  assert.equal(accept(0.7, 9, 0), 'late')
})

test('an interval of nulls alone is a missing one; before any value it is ignored', () => {
  const { accept, due } = grid({ aggregate: 'sum' })
  accept(0, NaN)
  accept(1, 4)
  accept(2, NaN)
  accept(3, 6)
  accept(4, 0)
  assert.deepEqual(due(), [
    [0, 1, 4, 0, 2],
    [0, 2, NaN, 0, 3],
    [0, 3, 6, 0, 4],
  ])
})

test('the start of an interval is never before the first date there is', () => {
  const interval = 7 * MINUTE // which does not divide it
  const { aligner, table } = grid({ interval, aggregate: 'mean' })
  aligner.accept(0, -8.64e15, 1, 0)
  aligner.accept(0, 0, 2, 1)
  assert.equal(table.f64[1], -8.64e15)
})

test('whatever comes, steps of a series follow each other, and each value is taken once', () => {
  const records = fc.array(
    fc.record({
      minute: fc.integer({ min: 0, max: 60 }),
      slot: fc.constantFrom(0, 1),
      value: fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 1, max: 99 }) }, fc.constant(NaN)),
    }),
    { maxLength: 80 },
  )
  fc.assert(
    fc.property(records, fc.integer({ min: 0, max: 5 }), (list, maxGapSteps) => {
      const { accept, due } = grid({ maxGapSteps })
      const outcomes = list.map(({ minute, slot, value }) => accept(minute, value, slot))
      const steps = due()
      for (const slot of [0, 1]) {
        const own = steps.filter(([s]) => s === slot)
        own.forEach(([, minute, , skipped], i) => {
          const before = own[i - 1]
          if (before !== undefined) assert.equal(minute, before[1] + 1 + skipped)
          assert.ok(skipped === 0 || skipped > maxGapSteps)
        })
        const taken = own.filter(([, , value]) => value === value).map(([, minute, value]) => [minute, value])
        const accepted = list.filter(
          (r, i) => r.slot === slot && r.value === r.value && outcomes[i] === 'accepted',
        )
        assert.deepEqual(
          taken,
          accepted.map(({ minute, value }) => [minute, value]),
        )
      }
    }),
  )
})

test('with aggregation, a replay from a snapshot decides as the stream did', () => {
  const records = fc.array(
    fc.record({
      minute: fc.double({ min: 0, max: 30, noNaN: true }),
      slot: fc.constantFrom(0, 1),
      value: fc.integer({ min: 1, max: 99 }),
    }),
    { minLength: 2, maxLength: 60 },
  )
  fc.assert(
    fc.property(records, fc.nat(59), fc.integer({ min: 0, max: 3 }), (list, cut, lateness) => {
      const options = { aggregate: 'mean', allowedLateness: lateness * MINUTE } as const
      const stream = grid(options)
      const at = Math.min(cut, list.length)
      for (const { minute, slot, value } of list.slice(0, at)) stream.accept(minute, value, slot)
      stream.due()
      const replay = grid(options)
      replay.table.f64.set(stream.table.f64)
      replay.aligner.resume(stream.aligner.watermark)
      replay.aligner.adopt(0)
      replay.aligner.adopt(1)
      for (const { minute, slot, value } of list.slice(at)) {
        assert.equal(replay.accept(minute, value, slot), stream.accept(minute, value, slot))
        const bySlot = (steps: ReturnType<typeof stream.due>) =>
          steps.map((step) => step.slice(0, 4)).sort((a, b) => a[0]! - b[0]!)
        assert.deepEqual(bySlot(replay.due()), bySlot(stream.due()))
      }
    }),
  )
})
