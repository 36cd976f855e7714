import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TargetIndex } from '../../src/core/target-index.js'
import { StateLayout } from '../../src/core/layout.js'
import { CELLS, type CellKind, type NetworkSpec } from '../../src/core/network-spec.js'
import { Random } from '../../src/model/random.js'
import { Streams, type Batch } from '../../src/training/dataset.js'
import { encodeHistory } from '../../src/training/encode-history.js'
import { drawFeedback, ownShare, type BatchFeedback } from '../../src/training/feedback.js'
import { chunkGradient } from '../../src/training/gradient.js'
import { networkSpec } from '../../src/training/network-spec.js'
import { tensorflow } from '../model/backend.js'
import { largestDifference, weightsOf } from '../model/fixtures.js'
import { SHAPE, syntheticSeries, withGaps } from './series.js'

const tf = tensorflow()
const layout = new StateLayout(SHAPE)
const histories = [withGaps(syntheticSeries('a', 600, 1), 30), syntheticSeries('b', 400, 2)]

function specOf(cell: CellKind, samples: number): NetworkSpec {
  const model = {
    cell,
    activation: 'tanh',
    layers: 2,
    hidden: 6,
    decoder: 'autoregressive',
    samples,
  } as const
  return networkSpec(histories, SHAPE, model)
}

function batchOf(spec: NetworkSpec): Batch {
  const ranges = histories.map((history, i) => {
    const series = encodeHistory(layout, history, i + 1)!
    return { series, end: series.length }
  })
  return new Streams(
    spec,
    new TargetIndex(layout),
    ranges,
    { streams: 3, chunk: 40, chunksPerUpdate: 1 },
    new Random(2),
  ).next()
}

function gradient(
  spec: NetworkSpec,
  batch: Batch,
  feedback: BatchFeedback,
  weights: Float32Array,
  fused = true,
) {
  const before = tf.memory().numTensors
  const result = chunkGradient(tf, fused, spec, weights, batch, { dropout: null, feedback })
  assert.equal(tf.memory().numTensors, before, 'no tensor is left')
  return { loss: result.loss, gradient: result.weights }
}

for (const cell of CELLS) {
  for (const samples of [0, 20]) {
    const kind = samples > 0 ? 'draws' : 'medians'
    test(`${cell}: the gradient goes through ${kind} fed back, the decoder and the encoder`, () => {
      const spec = specOf(cell, samples)
      const batch = batchOf(spec)
      const weights = weightsOf(spec)
      for (const own of [0, 0.5, 1]) {
        const feedback = drawFeedback(spec, batch, own, new Random(3))
        const fused = gradient(spec, batch, feedback, weights)
        const plain = gradient(spec, batch, feedback, weights, false)
        const size = Math.max(...fused.gradient.map(Math.abs))
        assert.ok(largestDifference(fused.gradient, plain.gradient) < 1e-4 * size)
        // Along its own direction the loss rises by the norm of its gradient.
        const norm = Math.hypot(...fused.gradient)
        const step = 2e-3
        const moved = (sign: number): number => {
          const there = weights.map((w, i) => w + (sign * step * fused.gradient[i]!) / norm)
          return gradient(spec, batch, feedback, there).loss
        }
        const slope = (moved(1) - moved(-1)) / (2 * step)
        assert.ok(Math.abs(slope / norm - 1) < 0.03, `own ${own}: slope ${slope}, norm ${norm}`)
      }
    })
  }
}

test('a decoder fed with the truth does not hear its own output; fed with its own, it does not hear the truth', () => {
  const spec = specOf('gru', 0)
  const batch = batchOf(spec)
  const weights = weightsOf(spec)
  const lossUnder = (own: number, changes: Partial<BatchFeedback> = {}, targets = batch.targets): number => {
    const feedback = { ...drawFeedback(spec, batch, own, new Random(3)), ...changes }
    // Only the last step has loss, so that what came before can be heard in nothing but the feedback.
    const mask = batch.mask.map((known, i) => (i % spec.horizon === spec.horizon - 1 ? known : 0))
    return gradient(spec, { ...batch, targets, mask }, feedback, weights).loss
  }
  const otherDraws = drawFeedback(spec, batch, 0, new Random(4)).draws.map((c) => 2 * c)
  assert.notEqual(lossUnder(1), lossUnder(1, { draws: otherDraws }))
  const earlier = batch.targets.map((y, i) => (i % spec.horizon === spec.horizon - 1 ? y : y + 1))
  assert.equal(lossUnder(1), lossUnder(1, {}, earlier))
  assert.notEqual(lossUnder(0), lossUnder(0, {}, earlier))
})

test('scheduled sampling begins with the truth and ends at its share; where nothing came the decoder goes on alone', () => {
  assert.equal(ownShare(1, 100, 0.8), 0)
  assert.equal(ownShare(100, 100, 0.8), 0.8)
  assert.ok(ownShare(30, 100, 0.8) > 0.4 && ownShare(30, 100, 0.8) < 0.5)
  const spec = specOf('gru', 0)
  const batch = batchOf(spec)
  const shareTaught = (own: number): number => {
    const { taught } = drawFeedback(spec, batch, own, new Random(1))
    taught.forEach((one, i) => assert.ok(one === 0 || batch.mask[i] === 1))
    return taught.reduce((a, b) => a + b, 0) / batch.mask.reduce((a, b) => a + b, 0)
  }
  assert.equal(shareTaught(0), 1)
  assert.equal(shareTaught(1), 0)
  assert.ok(Math.abs(shareTaught(0.5) - 0.5) < 0.1)
})
