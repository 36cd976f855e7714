import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Checkpoints } from '../../src/training/checkpoints.js'
import { AdamW } from '../../src/training/optimizer.js'

function chosen(losses: readonly number[]): number {
  const checkpoints = new Checkpoints()
  losses.forEach((loss, i) => checkpoints.add({ update: i + 1, loss, weights: new Float32Array() }))
  return checkpoints.chosen().update
}

test('the training stops at the minimum where its end lies well above it', () => {
  assert.equal(chosen([1, 0.8, 0.7, 0.75, 0.9]), 3)
})

test('a small rise is noise: the end stands', () => {
  assert.equal(chosen([1, 0.8, 0.7, 0.72, 0.71]), 5)
})

test('without anything to validate on the end stands', () => {
  assert.equal(chosen([NaN, NaN, NaN]), 3)
})

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
