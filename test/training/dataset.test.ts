import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TargetIndex } from '../../src/core/target-index.js'
import { StateLayout } from '../../src/core/layout.js'
import { Random } from '../../src/model/random.js'
import { Streams } from '../../src/training/dataset.js'
import { encodeHistory } from '../../src/training/encode-history.js'
import { networkSpec } from '../../src/training/network-spec.js'
import { splitByTime } from '../../src/training/split.js'
import { SHAPE, syntheticSeries } from './series.js'

const layout = new StateLayout(SHAPE)
const histories = [syntheticSeries('a', 900, 1), syntheticSeries('b', 400, 2)]
const spec = networkSpec(histories, SHAPE, { cell: 'gru', activation: 'tanh', layers: 1, hidden: 4 })
const encoded = histories.map((history, i) => encodeHistory(layout, history, i + 1)!)

const streamsOf = (seed: number, chunksPerUpdate = 1, network = spec): Streams =>
  new Streams(
    network,
    new TargetIndex(layout),
    encoded.map((series) => ({ series, end: series.length })),
    { streams: 3, chunk: 32, chunksPerUpdate },
    new Random(seed),
  )

test('a stream goes on where its last chunk ended, with the state that was handed back', () => {
  const streams = streamsOf(1)
  const last = [0, 1, 2].map(() => -1)
  for (let chunk = 0; chunk < 100; chunk++) {
    const batch = streams.next()
    for (let b = 0; b < 3; b++) {
      const row = batch.inputs.slice(b * 13, b * 13 + 13)
      const fresh = batch.states[b * 4] === 0
      if (!fresh) {
        assert.equal(batch.states[b * 4], chunk, 'the state of the chunk before')
        const series = encoded.find((one) => sameRow(one.inputs, last[b]! + 1, row))
        assert.ok(series !== undefined, 'the step after the last one')
      }
      const end = batch.inputs.slice((31 * 3 + b) * 13, (31 * 3 + b) * 13 + 13)
      last[b] = Math.max(...encoded.map((one) => positionOf(one.inputs, end)))
    }
    streams.carry(new Float32Array(12).fill(chunk + 1))
  }
})

test('a stream that starts afresh has a zero state, and its first steps carry no loss', () => {
  const batch = streamsOf(2).next()
  assert.ok(batch.states.every((value) => value === 0))
  batch.origins.forEach((t, i) => {
    const mask = batch.mask.subarray(i * 3 * SHAPE.horizon, (i + 1) * 3 * SHAPE.horizon)
    assert.equal(
      mask.some((value) => value === 1),
      t >= 24,
    )
  })
})

test('a decoder unrolls from every ninth step of a chunk, and in time from all of them', () => {
  const decoder = { ...spec, decoder: { samples: 0, temperature: 1 } }
  const seen = new Set<number>()
  const streams = streamsOf(4, 1, decoder)
  for (let chunk = 0; chunk < 100; chunk++) {
    const { origins } = streams.next()
    origins.forEach((t, i) => {
      seen.add(t)
      assert.ok(i === 0 ? t < 9 : t === origins[i - 1]! + 9)
    })
    assert.ok(origins.at(-1)! >= 32 - 9)
  }
  assert.equal(seen.size, 32)
})

test('the same seed gives the same batches', () => {
  const [one, two] = [streamsOf(3), streamsOf(3)]
  for (let i = 0; i < 5; i++) assert.deepEqual(one.next(), two.next())
})

test('all series are cut at the same times: training before validation before holdout', () => {
  const split = splitByTime(encoded, 0.1, 0.2)
  const time = (pick: 'training' | 'validation') => (one: (typeof split)[number]) => [
    one.series.ts[one[pick] - 1] ?? -Infinity,
    one.series.ts[one[pick]] ?? Infinity,
  ]
  for (const pick of ['training', 'validation'] as const) {
    const cuts = split.map(time(pick))
    const before = Math.max(...cuts.map(([last]) => last!))
    const after = Math.min(...cuts.map(([, first]) => first!))
    assert.ok(before < after)
  }
  const held = split.reduce((sum, one) => sum + one.holdout - one.validation, 0)
  assert.ok(Math.abs(held / 1300 - 0.2) < 0.01)
})

function sameRow(inputs: Float32Array, step: number, row: Float32Array): boolean {
  return row.every((value, i) => inputs[step * 13 + i] === value)
}

function positionOf(inputs: Float32Array, row: Float32Array): number {
  for (let step = 0; step < inputs.length / 13; step++) if (sameRow(inputs, step, row)) return step
  return -1
}

test('a range with a weight is drawn so much more often or seldom', () => {
  const [one, two] = encoded
  const ranges = [
    { series: one!, end: 300, weight: 0.2 },
    { series: two!, end: 300 },
  ]
  const sizes = { streams: 400, chunk: 32, chunksPerUpdate: 1 }
  const streams = new Streams(spec, new TargetIndex(layout), ranges, sizes, new Random(7))
  const drawn = streams.next().embedding.reduce((sum, row) => sum + (row === 1 ? 1 : 0), 0)
  // A sixth of 400, and one in ten of them does not tell which series it is.
  assert.ok(drawn > 40 && drawn < 80, String(drawn))
})
