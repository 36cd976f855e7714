import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DecoderSpec, NetworkSpec } from '../../src/core/network-spec.js'
import { drawWeights, pathWeights, quantileOf } from '../../src/model/draw.js'
import { Network, type StepInput, type StepOutput } from '../../src/model/network.js'
import { Random } from '../../src/model/random.js'
import { tensorflow } from './backend.js'
import { inputOf, largestDifference, outputOf, specOf, weightsOf } from './fixtures.js'

const tf = tensorflow()
const LEVELS = [0.1, 0.5, 0.9]

const decoderOf = (samples: number, changes: Partial<NetworkSpec & DecoderSpec> = {}): NetworkSpec =>
  specOf({ layers: 2, ...changes, decoder: { samples, temperature: changes.temperature ?? 1 } })

function step(spec: NetworkSpec, input: StepInput): StepOutput {
  const before = tf.memory().numTensors
  const network = new Network(tf, spec, weightsOf(spec), { fused: true })
  const output = outputOf(spec, input)
  network.step(input, output)
  network.dispose()
  assert.equal(tf.memory().numTensors, before, 'no tensor is left')
  return output
}

const KINDS = { 'fed with medians': decoderOf(0), 'drawing paths': decoderOf(40) }

for (const [name, spec] of Object.entries(KINDS)) {
  test(`${name}: forecasting works on a copy, the carried state comes out bit for bit the same`, () => {
    for (const cell of ['gru', 'lstm', 'rnn'] as const) {
      const same = { ...spec, cell }
      const input = inputOf(same, 9, 9)
      const given = input.states.slice()
      const forecasting = step(same, input)
      const silent = step(same, { ...input, observed: 0 })
      assert.deepEqual(forecasting.states, silent.states)
      assert.deepEqual(input.states, given)
      assert.ok(forecasting.forecasts.some((value) => value !== 0))
    }
  })

  test(`${name}: a series' forecast depends on nothing but its own row, whatever wave it comes in`, () => {
    const rows = 150 // several passes
    const input = inputOf(spec, rows, rows)
    const all = step(spec, input)
    const { horizon: H, targetFeatures: F, inputs: I } = spec
    const size = input.states.length / rows
    const cells = H * spec.quantiles.length
    for (const row of [0, 17, rows - 1]) {
      const one = step(spec, {
        rows: 1,
        observed: 1,
        inputs: input.inputs.slice(row * I, (row + 1) * I),
        embedding: input.embedding.slice(row, row + 1),
        states: input.states.slice(row * size, (row + 1) * size),
        features: input.features.slice(row * H * F, (row + 1) * H * F),
        calendar: input.calendar.slice(row * H, (row + 1) * H),
      })
      const expected = all.forecasts.slice(row * cells, (row + 1) * cells)
      assert.ok(largestDifference(one.forecasts, expected) < 1e-5)
    }
    assert.deepEqual(step(spec, input), all, 'once more the same')
  })

  test(`${name}: quantiles never cross, and a later step goes on from the one before`, () => {
    const input = inputOf(spec, 30, 30)
    const { forecasts } = step(spec, input)
    for (let at = 0; at < forecasts.length; at += 3) {
      assert.deepEqual(forecasts.slice(at, at + 3), forecasts.slice(at, at + 3).sort())
    }
    // The newest value of the first step's features, which reaches the later ones only by way of the decoder.
    const features = input.features.slice()
    for (let row = 0; row < 30; row++) features[row * spec.horizon * spec.targetFeatures]! += 2
    const moved = step(spec, { ...input, features }).forecasts
    for (let k = 0; k < spec.horizon; k++)
      assert.notEqual(moved[k * 3 + 1], forecasts[k * 3 + 1], `step ${k}`)
  })
}

test('a lower temperature draws paths closer together', () => {
  const width = (temperature: number): number => {
    const spec = decoderOf(100, { temperature })
    const { forecasts } = step(spec, inputOf(spec, 20, 20))
    return forecasts.reduce((sum, q, i) => sum + (i % 3 === 2 ? q : i % 3 === 0 ? -q : 0), 0)
  }
  assert.ok(width(0.5) < 0.8 * width(1))
  assert.ok(width(2) > 1.3 * width(1))
  assert.ok(width(0.01) < 0.05 * width(1))
})

test('at the first step the quantiles of many paths are those they were drawn from', () => {
  const drawn = step(decoderOf(1000), inputOf(decoderOf(1000), 5, 5)).forecasts
  const own = step(decoderOf(0), inputOf(decoderOf(0), 5, 5)).forecasts
  const { horizon } = decoderOf(0)
  for (let row = 0; row < 5; row++) {
    for (let q = 0; q < 3; q++) {
      const at = row * horizon * 3 + q
      assert.ok(Math.abs(drawn[at]! - own[at]!) < 0.02, `${drawn[at]} and ${own[at]}`)
    }
  }
})

test('a draw at a level is its quantile; between and beyond levels it goes on in log-odds', () => {
  const quantiles = [-2, 1, 3]
  const valueAt = (u: number): number => {
    const c = new Float32Array(3)
    drawWeights(LEVELS, u, 1, c, 0)
    return c.reduce((sum, weight, q) => sum + weight * quantiles[q]!, 0)
  }
  LEVELS.forEach((level, q) => {
    assert.ok(Math.abs(valueAt(level) - quantiles[q]!) < 1e-6)
  })
  assert.ok(Math.abs(valueAt(0.75) - 2) < 1e-6, 'log-odds 3 lie half-way between those of 0.5 and 0.9')
  const values = Array.from({ length: 99 }, (_, i) => valueAt((i + 1) / 100))
  assert.deepEqual(
    values,
    [...values].sort((a, b) => a - b),
  )
})

test("at every step the paths' draws describe the whole distribution, and one path's are independent", () => {
  const [H, P] = [50, 40]
  const weights = pathWeights(LEVELS, H, P, 1, new Random(1))
  const draw = (k: number, p: number): number =>
    [-1, 0, 1].reduce((sum, q, i) => sum + q * weights[(k * P + p) * 3 + i]!, 0)
  let product = 0
  let square = 0
  for (let k = 0; k < H; k++) {
    const sorted = Float32Array.from({ length: P }, (_, p) => draw(k, p)).sort()
    LEVELS.forEach((level, q) => {
      assert.ok(Math.abs(quantileOf(sorted, level) - (q - 1)) < 0.02)
    })
    for (let p = 0; p < P && k > 0; p++) {
      product += draw(k, p) * draw(k - 1, p)
      square += draw(k, p) ** 2
    }
  }
  assert.ok(Math.abs(product / square) < 0.1)
})
