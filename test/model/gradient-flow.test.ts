import type { Rank, Scalar, Tensor2D } from '@tensorflow/tfjs-core'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellForm } from '../../src/model/cells.js'
import { gradientFlow, lagOfFall, type Advance } from '../../src/model/gradient-flow.js'
import { spectralRadius } from '../../src/model/spectral-radius.js'
import { stacked } from '../../src/model/stack.js'
import { tensorflow } from './backend.js'

const tf = tensorflow()

for (const fused of [true, false]) {
  test(`the ${fused ? 'fused' : 'plain'} profile is that of the derivative: radius to the power of the lag`, () => {
    const before = tf.memory().numTensors
    // A rotation by 30 degrees times 0.9, from zero state without input: tanh′ = 1, every factor is the matrix itself.
    const [c, s] = [0.9 * Math.cos(Math.PI / 6), 0.9 * Math.sin(Math.PI / 6)]
    const weights = {
      kernel: tf.tensor2d([
        [1, 1],
        [c, s],
        [-s, c],
      ]),
      bias: tf.zeros([2]),
    }
    const form = cellForm({ cell: 'rnn' }, fused)
    const [x, start] = [tf.zeros<Rank.R3>([12, 2, 1]), tf.zeros<Rank.R2>([2, 2])]
    const eye = tf.eye(2) // row i carries the gradient of unit i
    const advance: Advance = (x, states) => stacked(tf, form, [weights], x, states).last
    const of = (states: Tensor2D): Scalar => tf.sum(tf.mul(states, eye))
    for (const lags of [
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
      [0, 1, 5, 12], // unrolled in three pieces
    ]) {
      const flow = gradientFlow(tf, advance, x, start, lags, of)
      lags.forEach((k, i) => {
        assert.ok(Math.abs(flow[i]! - Math.pow(0.9, k)) < 1e-6, `lag ${k}: ${flow[i]}`)
      })
    }
    tf.dispose([x, start, eye, ...Object.values(weights)])
    assert.equal(tf.memory().numTensors, before)
  })
}

test('the lag of a fall lies where an exponential between two lags passes the share', () => {
  const lags = [0, 1, 8, 64]
  const flow = lags.map((k) => Math.pow(0.8, k))
  assert.ok(Math.abs(lagOfFall(lags, flow, 0.01)! - Math.log(0.01) / Math.log(0.8)) < 1e-9)
  assert.equal(lagOfFall([0, 1, 2], [1, 2, 4], 0.01), null)
  assert.ok(lagOfFall([0, 1], [1, 0], 0.01)! <= 1, 'also where nothing at all is left')
})

test('spectral radius: the largest eigenvalue, not the largest singular value', () => {
  const before = tf.memory().numTensors
  const skewed = tf.tensor2d([
    [0.5, 100],
    [0, -0.9],
  ])
  assert.ok(Math.abs(spectralRadius(tf, skewed) - 0.9) < 0.01)
  skewed.dispose()
  assert.equal(tf.memory().numTensors, before)
})
