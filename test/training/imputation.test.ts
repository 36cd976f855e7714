import assert from 'node:assert/strict'
import { test } from 'node:test'
import { imputationGradient, initialImputationWeights } from '../../src/model/imputation-network.js'
import { Random } from '../../src/model/random.js'
import { HiddenWindows } from '../../src/training/imputation/batches.js'
import { fillGaps, gapsOf } from '../../src/training/imputation/fill.js'
import { learnGaps, longestGap, type LearnGapsOptions } from '../../src/training/imputation/learn.js'
import {
  CANDIDATES,
  WINDOW_INPUTS,
  WindowEncoder,
  scaled,
  type ScaledSeries,
} from '../../src/training/imputation/window.js'
import { tensorflow } from '../model/backend.js'
import { SHAPE, syntheticSeries } from './series.js'

const tf = tensorflow()
const { season } = SHAPE
const SPEC = {
  ...{ hidden: 6, inputs: WINDOW_INPUTS, candidates: CANDIDATES },
  quantiles: [0.1, 0.5, 0.9],
} as const

function encoded(series: ScaledSeries, from: number, hidden: Uint8Array): Float32Array[] {
  const steps = hidden.length
  const inputs = new Float32Array(steps * WINDOW_INPUTS)
  const candidates = new Float32Array(steps * CANDIDATES)
  new WindowEncoder(season, steps).encode(series, from, hidden, { inputs, candidates }, 0, 1)
  return [inputs, candidates]
}

test('what is hidden from a window cannot be told from it, nor can what is missing', () => {
  const history = syntheticSeries('a', 300, 1)
  const series = scaled(history)
  const hidden = new Uint8Array(48)
  hidden.fill(1, 5, 9).fill(1, 20, 40)
  const before = encoded(series, 100, hidden)
  const values = series.values.slice()
  hidden.forEach((h, i) => (values[100 + i]! += 1000 * h))
  assert.deepEqual(encoded({ ...series, values }, 100, hidden), before)
  hidden.forEach((h, i) => (values[100 + i] = h === 1 ? NaN : values[100 + i]!))
  assert.deepEqual(encoded({ ...series, values }, 100, new Uint8Array(48)), before)
  values[104]! += 1 // the known neighbour of a gap, for comparison
  assert.notDeepEqual(encoded({ ...series, values }, 100, hidden), before)
})

test('the estimates are the straight line, seasonal means, and those shifted to meet the ends of the gap', () => {
  // A season of 8 on a slope: one season before and after, the mean is exact; so is whatever meets the ends.
  const at = (t: number): number => 10 + 0.5 * t + 3 * Math.sin((2 * Math.PI * t) / 8)
  const values = Float64Array.from({ length: 200 }, (_, t) => (t >= 100 && t < 104 ? NaN : at(t)))
  const series = { start: 0, values, mean: 50, scale: 20 }
  const [, candidates] = encoded(series, 80, new Uint8Array(48))
  for (let t = 100; t < 104; t++) {
    const unit = (x: number): number => (x - 50) / 20
    const line = at(99) + ((t - 99) / 5) * (at(104) - at(99))
    const row = candidates!.slice((t - 80) * CANDIDATES, (t - 79) * CANDIDATES)
    const expected = [line, at(t), at(t), at(t), at(t)].map(unit)
    row.forEach((x, j) => assert.ok(Math.abs(x - expected[j]!) < 1e-5, `step ${t}, estimate ${j}: ${x}`))
  }
})

for (const cell of ['rnn', 'lstm', 'gru'] as const) {
  for (const merge of ['concat', 'sum'] as const) {
    test(`${cell}, ${merge}: the gradient is the loss's slope, in both forms, and leaks no tensor`, () => {
      const spec = { ...SPEC, cell, merge }
      const random = new Random(3)
      const series = [scaled(syntheticSeries('a', 300, 2))]
      const batch = new HiddenWindows(series, season, { steps: 24, windows: 4, longest: 8 }, random).next()
      const weights = initialImputationWeights(spec, 1).map((w) => w + 0.1 * random.normal())
      const tensors = tf.memory().numTensors
      const fused = imputationGradient(tf, true, spec, weights, batch)
      const plain = imputationGradient(tf, false, spec, weights, batch)
      assert.equal(tf.memory().numTensors, tensors)
      const direction = weights.map(() => random.normal() / Math.sqrt(weights.length))
      const lossAt = (step: number): number =>
        imputationGradient(
          tf,
          false,
          spec,
          weights.map((w, i) => w + step * direction[i]!),
          batch,
        ).loss
      const slope = (lossAt(1e-2) - lossAt(-1e-2)) / 2e-2
      const along = plain.gradient.reduce((sum, g, i) => sum + g * direction[i]!, 0)
      assert.ok(Math.abs(slope - along) < 0.02 * Math.abs(slope) + 2e-4, `${along}, by differences ${slope}`)
      fused.gradient.forEach((g, i) => assert.ok(Math.abs(g - plain.gradient[i]!) < 1e-5))
    })
  }
}

const OPTIONS: Omit<LearnGapsOptions, 'series'> = {
  ...{ tf, fused: true, season, cell: 'gru', merge: 'concat', hidden: 8, quantiles: SPEC.quantiles, seed: 1 },
  signal: new AbortController().signal,
  onUpdate: () => undefined,
}

test('gaps of all lengths up to the longest are filled, in order; ends and longer gaps are not', async () => {
  const history = syntheticSeries('a', 600, 4)
  const longest = longestGap(season)
  const values = history.values.slice()
  const cut = (from: number, length: number): void => void values.fill(NaN, from, from + length)
  cut(0, 3)
  for (let length = 1, at = 30; length <= longest + 1; length += 4, at += length + 20) cut(at, length)
  cut(500, longest)
  cut(560, 1)
  cut(562, 1)
  cut(590, 10)
  const series = scaled({ ...history, values })
  const imputer = await learnGaps({ ...OPTIONS, series: [series] })
  const tensors = tf.memory().numTensors
  const { steps, quantiles } = fillGaps(tf, true, imputer, series)
  assert.equal(tf.memory().numTensors, tensors)
  const expected = gapsOf(values).flatMap(({ from, to }) =>
    to - from <= longest ? Array.from({ length: to - from }, (_, i) => from + i) : [],
  )
  assert.deepEqual([...steps], expected)
  assert.ok(!steps.includes(561) && steps.includes(500) && !steps.includes(2) && !steps.includes(595))
  // Nearer than the season alone, and bounds around it.
  const error = (estimate: (t: number, i: number) => number): number =>
    steps.reduce((sum, t, i) => sum + Math.abs(history.values[t]! - estimate(t, i)), 0)
  const seasonal = (t: number): number => 10 + 3 * Math.sin((2 * Math.PI * t) / 8)
  assert.ok(error((_, i) => quantiles[3 * i + 1]!) < error(seasonal))
  steps.forEach((_, i) => {
    const [lower, median, upper] = quantiles.subarray(3 * i, 3 * i + 3)
    assert.ok(lower! < median! && median! < upper!)
  })
})

test('the same seed gives the same weights; too little data is a refusal', async () => {
  const series = [scaled(syntheticSeries('a', 200, 5))]
  const one = await learnGaps({ ...OPTIONS, series })
  assert.deepEqual((await learnGaps({ ...OPTIONS, series })).weights, one.weights)
  const few = [scaled(syntheticSeries('a', 90, 5))]
  await assert.rejects(learnGaps({ ...OPTIONS, series: few }), /at least 96 known values .* there are 90/)
})
