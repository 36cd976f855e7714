import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import { stateSize, type NetworkSpec } from '../../src/core/network-spec.js'
import { cellForm } from '../../src/model/cells.js'
import { decode } from '../../src/model/decoder.js'
import { medianWeights, pathWeights, quantileOf } from '../../src/model/draw.js'
import { calendarRows, headForecast } from '../../src/model/head.js'
import { Network, type StepInput, type StepOutput } from '../../src/model/network.js'
import { Random } from '../../src/model/random.js'
import { stacked } from '../../src/model/stack.js'
import { SEED } from '../../src/model/stepping-decoder.js'
import { unpackWeights, type NetworkWeights } from '../../src/model/weights.js'
import { tensorflow } from './backend.js'
import { inputOf, largestDifference, outputOf, specOf, weightsOf } from './fixtures.js'

const tf = tensorflow()

function step(spec: NetworkSpec, input: StepInput, fused = true, weights = weightsOf(spec)): StepOutput {
  const before = tf.memory().numTensors
  const network = new Network(tf, spec, weights, { fused })
  const loaded = tf.memory().numTensors
  const output = outputOf(spec, input)
  network.step(input, output)
  assert.equal(tf.memory().numTensors, loaded, 'a step leaks no tensor')
  network.dispose()
  assert.equal(tf.memory().numTensors, before, 'a disposed network leaves no tensor')
  return output
}

const WALK = { kind: 'walk', mixture: 1, targetFeatures: 1, slots: 1, interval: 0 } as const
const SPECS: Record<string, NetworkSpec> = {
  'one layer': specOf(),
  'three layers': specOf({ layers: 3 }),
  'a vanilla cell': specOf({ cell: 'rnn', layers: 2 }),
  'a vanilla cell with ReLU': specOf({ cell: 'rnn', activation: 'relu' }),
  'an LSTM': specOf({ cell: 'lstm' }),
  'an LSTM of three layers': specOf({ cell: 'lstm', layers: 3 }),
  'two layers with a residual connection': specOf({ layers: 2, residual: true }),
  'four LSTM layers with residual connections': specOf({ cell: 'lstm', layers: 4, residual: true }),
  'a decoder': specOf({ decoder: { samples: 0, temperature: 1 } }),
  'a decoder of two LSTM layers': specOf({
    cell: 'lstm',
    layers: 2,
    residual: true,
    decoder: { samples: 0, temperature: 1 },
  }),
  'a decoder that draws paths': specOf({ decoder: { samples: 20, temperature: 0.8 } }),
  'a decoder of a walk': specOf({
    ...WALK,
    cell: 'rnn',
    layers: 2,
    decoder: { samples: 0, temperature: 1 },
  }),
  'a decoder of a walk that draws paths': specOf({ ...WALK, decoder: { samples: 20, temperature: 1 } }),
  'five quantiles': specOf({ quantiles: [0.05, 0.25, 0.5, 0.75, 0.95] }),
  'a single series': specOf({ embedding: 0, series: ['a'] }),
  'a walk': specOf(WALK),
}

for (const [name, spec] of Object.entries(SPECS)) {
  test(`${name}: fused and plain steps agree`, () => {
    for (const [rows, observed] of [
      [1, 1],
      [7, 4],
      [5, 0],
      [1200, 1100],
    ] as const) {
      const input = inputOf(spec, rows, observed)
      const fused = step(spec, input, true)
      const plain = step(spec, input, false)
      assert.ok(largestDifference(fused.states, plain.states) < 1e-5)
      assert.ok(largestDifference(fused.forecasts, plain.forecasts) < 1e-5)
    }
  })

  test(`${name}: a step forecasts what the differentiable head says`, () => {
    const input = inputOf(spec, 6, 6)
    const weights = weightsOf(spec)
    const output = step(spec, input, true, weights)
    const before = tf.memory().numTensors
    const expected = tf.tidy(() => {
      const w = unpackWeights(tf, spec, tf.tensor1d(weights))
      const { hidden, last } = unrolled(spec, w, input, 6)
      const features = tf.tensor3d(input.features, [6, spec.horizon, spec.targetFeatures])
      const days = calendarRows(tf, w.head, tf.tensor1d(input.calendar, 'int32'))
      if (spec.decoder !== undefined) return decoded(spec, w, last, features, days).dataSync<'float32'>()
      const steps = tf.range(0, spec.horizon, 1, 'int32')
      const h = tf.squeeze<Tensor2D>(hidden, [0])
      return headForecast(tf, spec, w.head, h, { steps, features, days }).dataSync<'float32'>()
    })
    assert.ok(largestDifference(output.forecasts, expected) < 1e-5)
    assert.equal(tf.memory().numTensors, before)
  })
}

/** One step from the input's states, by the differentiable form. */
function unrolled(spec: NetworkSpec, w: NetworkWeights, input: StepInput, rows: number) {
  const table = tf.concat([tf.zeros([1, spec.embedding]), ...(w.embedding === null ? [] : [w.embedding])], 0)
  const embedded = tf.gather(table, tf.tensor1d(input.embedding, 'int32'))
  const x = tf.concat([tf.tensor2d(input.inputs, [rows, spec.inputs]), embedded], 1)
  const states = tf.tensor2d(input.states, [rows, stateSize(spec)])
  const form = cellForm(spec, true)
  return stacked(tf, form, w.layers, tf.expandDims<Tensor3D>(x, 0), states, {
    residual: spec.residual ?? false,
  })
}

/** What the differentiable decoder forecasts from states [6, stateSize], fed with its own output alone. */
function decoded(spec: NetworkSpec, w: NetworkWeights, states: Tensor2D, features: Tensor3D, days: Tensor) {
  const { horizon: H, quantiles, decoder } = spec
  const Q = quantiles.length
  const paths = Math.max(1, decoder!.samples)
  const repeat = (x: Tensor): Tensor =>
    tf.reshape(tf.tile(tf.expandDims(x, 1), [1, paths, ...x.shape.slice(1).map(() => 1)]), [
      6 * paths,
      ...x.shape.slice(1),
    ])
  const draws = new Float32Array(6 * paths * H * Q)
  const drawn = pathWeights(quantiles, H, paths, decoder!.temperature, new Random(SEED))
  for (let i = 0; i < 6 * paths; i++) {
    for (let k = 0; k < H; k++) {
      const to = (i * H + k) * Q
      if (decoder!.samples === 0) medianWeights(quantiles, draws, to)
      else draws.set(drawn.subarray((k * paths + (i % paths)) * Q, (k * paths + (i % paths) + 1) * Q), to)
    }
  }
  const weights = tf.tensor3d(draws, [6 * paths, H, Q])
  const none: Tensor2D = tf.zeros([6 * paths, H])
  const all = decode(
    tf,
    spec,
    cellForm(spec, true),
    w,
    repeat(states) as Tensor2D,
    {
      features: repeat(features) as Tensor3D,
      days: tf.reshape(repeat(tf.reshape(days, [6, H, -1])), [6 * paths * H, -1]),
    },
    { truth: none, taught: none, draws: weights },
    null,
  )
  if (decoder!.samples === 0) return all
  const values = tf.sum(tf.mul(all, weights), 2).dataSync<'float32'>() // [6 · paths, H]
  const result = new Float32Array(6 * H * Q)
  for (let row = 0; row < 6; row++) {
    for (let k = 0; k < H; k++) {
      const sorted = Float32Array.from({ length: paths }, (_, p) => values[(row * paths + p) * H + k]!).sort()
      quantiles.forEach((level, q) => (result[(row * H + k) * Q + q] = quantileOf(sorted, level)))
    }
  }
  return tf.tensor1d(result)
}

test('quantiles never cross', () => {
  const spec = specOf({ quantiles: [0.05, 0.25, 0.5, 0.75, 0.95] })
  const { forecasts } = step(spec, inputOf(spec, 50, 50))
  for (let at = 0; at < forecasts.length; at += 5) {
    const sorted = forecasts.slice(at, at + 5).sort()
    assert.deepEqual(forecasts.slice(at, at + 5), sorted)
  }
})

test('a permuted wave gives permuted results: no series sees another', () => {
  const spec = specOf({ layers: 2 })
  const input = inputOf(spec, 9, 9)
  const order = [4, 2, 8, 0, 6, 1, 7, 3, 5]
  const permute = <T extends Float32Array | Int32Array>(array: T): T => {
    const width = array.length / 9
    const result = array.slice() as T
    order.forEach((from, to) => result.set(array.subarray(from * width, (from + 1) * width), to * width))
    return result
  }
  const one = step(spec, input)
  const other = step(spec, {
    ...input,
    inputs: permute(input.inputs),
    embedding: permute(input.embedding),
    states: permute(input.states),
    features: permute(input.features),
    calendar: permute(input.calendar),
  })
  assert.ok(largestDifference(permute(one.states), other.states) < 1e-6)
  assert.ok(largestDifference(permute(one.forecasts), other.forecasts) < 1e-6)
})

test('states may be stepped in place, on shared memory', () => {
  const spec = specOf({ layers: 2 })
  const input = inputOf(spec, 8, 8)
  const apart = step(spec, input)
  const shared = new Float32Array(new SharedArrayBuffer(input.states.byteLength))
  shared.set(input.states)
  const network = new Network(tf, spec, weightsOf(spec), { fused: true })
  const forecasts = new Float32Array(apart.forecasts.length)
  network.step({ ...input, states: shared }, { states: shared, forecasts })
  network.dispose()
  assert.equal(largestDifference(shared, apart.states), 0)
  assert.equal(largestDifference(forecasts, apart.forecasts), 0)
})

test('an unknown series has the zero embedding', () => {
  const spec = specOf()
  const input = { ...inputOf(spec, 3, 3), embedding: new Int32Array(3) }
  const weights = weightsOf(spec)
  const alone = step(specOf(), input, true, weights)
  const changed = weights.slice()
  const layers = (spec.inputs + spec.embedding + spec.hidden) * 3 * spec.hidden + 3 * spec.hidden
  changed.fill(5, layers, layers + spec.series.length * spec.embedding)
  assert.equal(largestDifference(alone.states, step(specOf(), input, true, changed).states), 0)
})

test('weights of another size are refused', () => {
  assert.throws(() => new Network(tf, specOf(), new Float32Array(3), { fused: true }), RangeError)
})
