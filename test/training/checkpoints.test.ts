import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Checkpoints } from '../../src/training/checkpoints.js'

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
