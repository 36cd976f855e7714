import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AdamW } from '../../src/training/optimizer.js'

test('the first step is as long as the learning rate, whatever the size of the gradient, and downhill', () => {
  const weights = Float32Array.of(1, 1)
  new AdamW(weights, 0, 0.995).update(Float32Array.of(1e-3, -20), 0.01)
  assert.ok(Math.abs(weights[0]! - 0.99) < 1e-5 && Math.abs(weights[1]! - 1.01) < 1e-5, String(weights))
})

test('a weight that an update does not see stays where it is, and its momentum waits', () => {
  const weights = Float32Array.of(1, 1)
  const optimizer = new AdamW(weights, 1e-2, 0.995)
  optimizer.update(Float32Array.of(0.5, 0.5), 0.01)
  const [first] = weights
  for (let update = 0; update < 20; update++) optimizer.update(Float32Array.of(0, 0.5), 0.01)
  assert.equal(weights[0], first)
  assert.ok(weights[1]! < first! - 0.15)
  optimizer.update(Float32Array.of(0.5, 0.5), 0.01)
  assert.ok(weights[0]! < first!)
})

test('what is used is the average of the weights, which the random start leaves soon', () => {
  const weights = Float32Array.of(0)
  const optimizer = new AdamW(weights, 0, 0.995)
  for (let update = 0; update < 100; update++) optimizer.update(Float32Array.of(-1), 0.01)
  assert.ok(Math.abs(weights[0]! - 1) < 0.01)
  assert.ok(optimizer.average[0]! > 0.85 && optimizer.average[0]! < weights[0]!, String(optimizer.average))
})
