import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TargetIndex } from '../../src/core/target-index.js'
import { StateLayout } from '../../src/core/layout.js'
import { CELLS, type NetworkSpec } from '../../src/core/network-spec.js'
import { Random } from '../../src/model/random.js'
import { Streams, type Batch } from '../../src/training/dataset.js'
import { encodeHistory } from '../../src/training/encode-history.js'
import { drawFeedback } from '../../src/training/feedback.js'
import { chunkGradient } from '../../src/training/gradient.js'
import { networkSpec, type ModelChoice } from '../../src/training/network-spec.js'
import { updateGradient } from '../../src/training/update-gradient.js'
import { tensorflow } from '../model/backend.js'
import { largestDifference, weightsOf } from '../model/fixtures.js'
import { SHAPE, syntheticSeries } from './series.js'

const tf = tensorflow()
const layout = new StateLayout(SHAPE)
const histories = [syntheticSeries('a', 900, 1), syntheticSeries('b', 700, 2)]
const STEPS = 48
const STREAMS = 3

function specOf(changes: Partial<ModelChoice> = {}): NetworkSpec {
  return networkSpec(histories, SHAPE, { cell: 'gru', activation: 'tanh', layers: 2, hidden: 6, ...changes })
}

function streamsOf(spec: NetworkSpec, chunk: number, chunksPerUpdate: number): Streams {
  const ranges = histories.map((history, i) => {
    const series = encodeHistory(layout, history, i + 1)!
    return { series, end: series.length }
  })
  const sizes = { streams: STREAMS, chunk, chunksPerUpdate }
  return new Streams(spec, new TargetIndex(layout), ranges, sizes, new Random(2))
}

/** A batch under way, from states that are not zero. */
function batchOf(spec: NetworkSpec): Batch {
  const random = new Random(5)
  const batch = streamsOf(spec, STEPS, 1).next()
  return { ...batch, states: batch.states.map(() => 0.3 * random.normal()), fresh: new Uint8Array(STREAMS) }
}

/** The same steps in so many chunks, handed out as `Streams` does. */
class Cut {
  readonly carried: Float32Array[] = []
  private at = 0
  private states: Float32Array

  constructor(
    private readonly batch: Batch,
    private readonly count: number,
    private readonly freshAt = -1,
  ) {
    this.states = batch.states
  }

  next(): Batch {
    const { batch, count } = this
    const { steps: T, streams: B } = batch
    const length = T / count
    const from = this.at++ * length
    const inputs = batch.inputs.length / T
    const chosen = [...batch.origins]
      .map((t, i) => ({ t, i }))
      .filter(({ t }) => t >= from && t < from + length)
    const rows = <A extends Float32Array | Int32Array>(array: A): A => {
      const width = (array.length / batch.origins.length) | 0
      const result = array.slice(0, chosen.length * width) as A
      chosen.forEach(({ i }, to) => result.set(array.subarray(i * width, (i + 1) * width), to * width))
      return result
    }
    const restarts = this.at - 1 === this.freshAt
    return {
      ...batch,
      steps: length,
      inputs: batch.inputs.slice(from * inputs, (from + length) * inputs),
      states: restarts ? this.states.map((h, j) => (j < this.states.length / B ? 0 : h)) : this.states,
      fresh: Uint8Array.from({ length: B }, (_, b) => (restarts && b === 0 ? 1 : 0)),
      origins: Int32Array.from(chosen, ({ t }) => t - from),
      features: rows(batch.features),
      calendar: rows(batch.calendar),
      targets: rows(batch.targets),
      mask: rows(batch.mask),
    }
  }

  carry(states: Float32Array): void {
    this.states = states
    this.carried.push(states)
  }
}

const NETWORKS: Record<string, NetworkSpec> = {
  ...Object.fromEntries(CELLS.map((cell) => [cell, specOf({ cell })])),
  'residual layers': specOf({ layers: 3, residual: true }),
  'a decoder': specOf({ decoder: 'autoregressive' }),
}

for (const [name, spec] of Object.entries(NETWORKS)) {
  test(`${name}: gradients added up chunk by chunk are those of the unchunked sequence`, () => {
    const batch = batchOf(spec)
    const weights = weightsOf(spec)
    // Always taught, so that no coin is flipped.
    const optionsOf = (one: Batch) => ({
      dropout: null,
      feedback: spec.decoder === undefined ? null : drawFeedback(spec, one, 0, new Random(1)),
    })
    const before = tf.memory().numTensors
    const whole = chunkGradient(tf, true, spec, weights, batch, optionsOf(batch))
    const size = Math.max(...whole.weights.map(Math.abs))
    for (const count of [1, 2, 4]) {
      const cut = new Cut(batch, count)
      const { loss, gradient } = updateGradient(tf, true, spec, weights, cut, count, optionsOf)
      assert.ok(Math.abs(loss - whole.loss) < 1e-6, `${count} chunks: loss ${loss} and ${whole.loss}`)
      const difference = largestDifference(gradient, whole.weights)
      assert.ok(difference < 1e-6 * Math.max(1, size), `${count} chunks: ${difference} of ${size}`)
      assert.ok(largestDifference(cut.carried.at(-1)!, whole.states) < 1e-6)
    }
    assert.equal(tf.memory().numTensors, before, 'no tensor is left')
  })
}

test('between updates the gradient is cut: chunks of their own give another', () => {
  const spec = NETWORKS['gru']!
  const batch = batchOf(spec)
  const weights = weightsOf(spec)
  const options = { dropout: null, feedback: null }
  const whole = chunkGradient(tf, true, spec, weights, batch, options)
  const cut = new Cut(batch, 2)
  const parts = [0, 1].map(() => updateGradient(tf, true, spec, weights, cut, 1, () => options).gradient)
  const mean = parts[0]!.map((g, i) => (g + parts[1]![i]!) / 2)
  assert.ok(largestDifference(mean, whole.weights) > 1e-4 * Math.max(...whole.weights.map(Math.abs)))
})

test('where a stream starts afresh within an update, nothing flows back into what stood there before', () => {
  const spec = NETWORKS['lstm']!
  const batch = batchOf(spec)
  const weights = weightsOf(spec)
  const options = { dropout: null, feedback: null }
  const gradientOf = (inputs: Float32Array): Float32Array => {
    // No targets of the first chunk: all of the gradient comes from the second.
    const half = batch.origins.filter((t) => t < STEPS / 2).length / batch.origins.length
    const mask = batch.mask.map((known, i) => (i < half * batch.mask.length ? 0 : known))
    const cut = new Cut({ ...batch, inputs, mask }, 2, 1)
    return updateGradient(tf, true, spec, weights, cut, 2, () => options).gradient
  }
  const changed = (stream: number): Float32Array =>
    batch.inputs.map((x, i) => {
      const row = Math.floor(i / spec.inputs)
      return row % STREAMS === stream && row < (STEPS / 2) * STREAMS ? -x : x
    })
  const gradient = gradientOf(batch.inputs)
  assert.deepEqual(gradientOf(changed(0)), gradient)
  assert.notDeepEqual(gradientOf(changed(1)), gradient)
})

test('with as many chunks per update as a run has, every update starts from zero states', () => {
  const spec = specOf({ layers: 1 })
  const streams = streamsOf(spec, 16, 20)
  for (let update = 0; update < 6; update++) {
    for (let chunk = 0; chunk < 20; chunk++) {
      const batch = streams.next()
      const size = batch.states.length / STREAMS
      if (chunk === 0) assert.deepEqual([...batch.fresh], [1, 1, 1])
      batch.fresh.forEach((fresh, b) => {
        const state = batch.states.subarray(b * size, (b + 1) * size)
        assert.equal(
          state.every((h) => h === 0),
          fresh === 1,
        )
      })
      streams.carry(batch.states.map(() => 1))
    }
  }
})
