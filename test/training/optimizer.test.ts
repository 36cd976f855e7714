import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AdamW } from '../../src/training/optimizer.js'

test('the first update moves each weight by the rate, against its gradient, whatever the size of that', () => {
  const optimizer = new AdamW(Float32Array.of(1, 1, 1), 0, 0.995)
  optimizer.update(Float32Array.of(1e-3, -50, 0), 0.01)
  ;[0.99, 1.01, 1].forEach((w, i) => assert.ok(Math.abs(optimizer.weights[i]! - w) < 1e-5))
})

test('decay shrinks weights apart from the gradient', () => {
  const optimizer = new AdamW(Float32Array.of(2), 0.1, 0.995)
  optimizer.update(Float32Array.of(0), 0.5)
  assert.ok(Math.abs(optimizer.weights[0]! - 1.9) < 1e-6)
})

test('the average follows the weights and forgets the random start', () => {
  const optimizer = new AdamW(Float32Array.of(10), 0, 0.995)
  for (let i = 0; i < 2000; i++) optimizer.update(Float32Array.of(2 * optimizer.weights[0]!), 0.1)
  assert.ok(Math.abs(optimizer.average[0]!) < 1)
})

test('where updates see some weights only, one that is not seen stays where it is, and its momentum waits', () => {
  const weights = Float32Array.of(1, 1)
  const optimizer = new AdamW(weights, 0, 0.995, true)
  optimizer.update(Float32Array.of(0.5, 0.5), 0.01)
  const [first] = weights
  for (let update = 0; update < 20; update++) optimizer.update(Float32Array.of(0, 0.5), 0.01)
  assert.equal(weights[0], first)
  assert.ok(weights[1]! < first! - 0.15)
  optimizer.update(Float32Array.of(0.5, 0.5), 0.01)
  assert.ok(weights[0]! < first!)
})
