import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Rank, Scalar, Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import { CELLS, stateSize, type CellKind, type NetworkSpec } from '../../src/core/network-spec.js'
import { cellForm } from '../../src/model/cells.js'
import { initialWeights } from '../../src/model/initial-weights.js'
import { Random } from '../../src/model/random.js'
import { stacked, type StackOptions } from '../../src/model/stack.js'
import { unpackWeights, weightLayout } from '../../src/model/weights.js'
import { tensorflow } from './backend.js'
import { largestDifference, specOf, weightsOf } from './fixtures.js'

const tf = tensorflow()
const STEPS = 7
const BATCH = 5

interface Unrolled {
  readonly hidden: Float32Array
  readonly gradient: Float32Array
}

/** h of every step, and the gradient of Σ h² by all weights. */
function unroll(spec: NetworkSpec, fused: boolean, options: StackOptions): Unrolled {
  const random = new Random(2)
  const inputs = Float32Array.from({ length: STEPS * BATCH * spec.inputs }, () => random.normal())
  const states = Float32Array.from({ length: BATCH * stateSize(spec) }, () => 0.5 * random.normal())
  const before = tf.memory().numTensors
  let hidden: Float32Array | undefined
  let gradient: Float32Array | undefined
  tf.tidy(() => {
    const { grad } = tf.valueAndGrad((flat: Tensor): Scalar => {
      const w = unpackWeights(tf, spec, tf.reshape(flat, [-1]))
      const x: Tensor3D = tf.tensor3d(inputs, [STEPS, BATCH, spec.inputs])
      const from: Tensor2D = tf.tensor2d(states, [BATCH, stateSize(spec)])
      const result = stacked(tf, cellForm(spec, fused), w.layers, x, from, options)
      hidden = result.hidden.dataSync<'float32'>().slice()
      return tf.sum(tf.square(result.hidden))
    })(tf.tensor1d(weightsOf(spec)))
    gradient = grad.dataSync<'float32'>().slice()
  })
  assert.equal(tf.memory().numTensors, before, 'no tensor is left')
  return { hidden: hidden!, gradient: gradient! }
}

const stackOf = (cell: CellKind, layers: number): NetworkSpec =>
  specOf({ cell, layers, hidden: 8, embedding: 0, series: ['a'] })
const dropout = { rate: 0.4, seed: 'a' }

for (const cell of CELLS) {
  for (const layers of [1, 2, 3, 4]) {
    test(`${cell}, ${layers} layers: with dropout and residual connections both forms agree, gradients too`, () => {
      const spec = stackOf(cell, layers)
      for (const options of [{}, { residual: true }, { residual: true, dropout }, { dropout }]) {
        const fused = unroll(spec, true, options)
        const plain = unroll(spec, false, options)
        assert.ok(largestDifference(fused.hidden, plain.hidden) < 1e-5)
        const size = Math.max(...fused.gradient.map(Math.abs))
        assert.ok(largestDifference(fused.gradient, plain.gradient) < 1e-5 * size)
      }
    })
  }
}

test('a residual connection adds the input of a layer to its output', () => {
  const spec = stackOf('gru', 2)
  const { entries, size } = weightLayout(spec)
  const first = entries.filter(({ name }) => name.startsWith('gru0.')).reduce((n, e) => n + e.size, 0)
  const weights = new Float32Array(size)
  weights.set(weightsOf(spec).subarray(0, first)) // with weights of zero the second layer's h stays zero
  tf.tidy(() => {
    const { layers } = unpackWeights(tf, spec, tf.tensor1d(weights))
    const x: Tensor3D = tf.randomNormal([STEPS, BATCH, spec.inputs])
    const zero = (n: number): Tensor2D => tf.zeros([BATCH, n * spec.hidden])
    const form = cellForm(spec, true)
    const one = stacked(tf, form, layers.slice(0, 1), x, zero(1)).hidden.dataSync<'float32'>()
    const two = stacked(tf, form, layers, x, zero(2), { residual: true }).hidden.dataSync<'float32'>()
    assert.ok(largestDifference(one, two) < 1e-6)
  })
})

test('dropout repeats with its seed, and never touches a single layer', () => {
  const one = stackOf('lstm', 1)
  assert.deepEqual(unroll(one, true, { dropout }), unroll(one, true, {}))
  const two = stackOf('lstm', 2)
  const dropped = unroll(two, true, { dropout })
  assert.deepEqual(dropped, unroll(two, true, { dropout }))
  assert.notDeepEqual(dropped, unroll(two, true, { dropout: { ...dropout, seed: 'b' } }))
})

test('dropout zeroes its share of what passes between layers and raises the rest', () => {
  const width = 2000
  tf.tidy(() => {
    const nothing: Tensor2D = tf.zeros([width, width])
    const bias = tf.zeros([width])
    // The first layer's h is 1 everywhere; the second hands on what it reads.
    const ones = { kernel: tf.concat([tf.ones<Rank.R2>([1, width]), nothing], 0), bias }
    const same = { kernel: tf.concat([tf.eye(width), nothing], 0), bias }
    const form = cellForm({ cell: 'rnn', activation: 'relu' }, true)
    const x: Tensor3D = tf.ones([1, 1, 1])
    const { hidden } = stacked(tf, form, [ones, same], x, tf.zeros([1, 2 * width]), { dropout })
    const kept = hidden.dataSync<'float32'>().filter((value) => value !== 0)
    assert.ok(Math.abs(kept.length / width - 0.6) < 0.05, 'six in ten pass')
    assert.ok(kept.every((value) => Math.abs(value - 1 / 0.6) < 1e-5))
  })
})

for (const cell of CELLS) {
  test(`${cell}: orthogonal recurrent weights, Glorot input weights, biases of zero but for the forget gate`, () => {
    const spec = specOf({ cell, layers: 3, hidden: 12 })
    const weights = initialWeights(spec, 4)
    const { entries } = weightLayout(spec)
    for (const { name, shape, offset, size } of entries) {
      const layer = new RegExp(`^${cell}(\\d)\\.`).exec(name)
      if (layer === null) continue
      const values = weights.subarray(offset, offset + size)
      const inputs = layer[1] === '0' ? spec.inputs + spec.embedding : spec.hidden
      if (shape.length === 1) {
        values.forEach((bias, i) => {
          assert.equal(bias, cell === 'lstm' && i >= 12 && i < 24 ? 1 : 0, `${name} ${i}`)
        })
        continue
      }
      const columns = shape[1]!
      const limit = Math.sqrt(6 / (inputs + 12))
      const input = values.subarray(0, inputs * columns)
      const deviation = Math.sqrt(input.reduce((sum, w) => sum + w * w, 0) / input.length)
      assert.ok(input.every((w) => Math.abs(w) <= limit))
      assert.ok(Math.abs(deviation / (limit / Math.sqrt(3)) - 1) < 0.1, 'uniform over the whole range')
      for (let gate = 0; gate < columns; gate += 12) {
        const row = (i: number): Float32Array =>
          values.subarray((inputs + i) * columns + gate, (inputs + i) * columns + gate + 12)
        for (let i = 0; i < 12; i++) {
          for (let j = 0; j <= i; j++) {
            const dot = row(i).reduce((sum, w, k) => sum + w * row(j)[k]!, 0)
            assert.ok(Math.abs(dot - (i === j ? 1 : 0)) < 1e-5, `${name}: rows ${i} and ${j} of a gate`)
          }
        }
      }
    }
  })
}
