import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellForm } from '../../src/model/cells.js'
import { gradientFlow } from '../../src/model/gradient-flow.js'
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
    const inputs = Array.from({ length: 12 }, () => new Float32Array(1))
    const flow = gradientFlow(tf, cellForm({ cell: 'rnn' }, fused), weights, 2, inputs, 10)
    flow.forEach((norm, k) => assert.ok(Math.abs(norm - Math.pow(0.9, k)) < 1e-6, `lag ${k}: ${norm}`))
    tf.dispose(weights)
    assert.equal(tf.memory().numTensors, before)
  })
}
