import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TargetIndex } from '../../src/core/target-index.js'
import { StateLayout } from '../../src/core/layout.js'
import type { Activation, CellKind, NetworkSpec } from '../../src/core/network-spec.js'
import { Random } from '../../src/model/random.js'
import { weightLayout } from '../../src/model/weights.js'
import { gradientAdvice } from '../../src/training/advice.js'
import { Streams, type Batch } from '../../src/training/dataset.js'
import { measureDynamics } from '../../src/training/dynamics.js'
import { encodeHistory } from '../../src/training/encode-history.js'
import { networkFlow } from '../../src/training/network-flow.js'
import { networkSpec } from '../../src/training/network-spec.js'
import { tensorflow } from '../model/backend.js'
import { SHAPE, syntheticSeries } from './series.js'

const tf = tensorflow()
const HIDDEN = 8

function network(
  cell: CellKind,
  activation: Activation = 'tanh',
): { spec: NetworkSpec; weights: Float32Array; batch: Batch } {
  const history = syntheticSeries('a', 400, 1)
  const spec = networkSpec([history], SHAPE, { cell, activation, layers: 2, hidden: HIDDEN })
  const layout = new StateLayout(SHAPE)
  const range = { series: encodeHistory(layout, history, 0)!, end: 400 }
  const sizes = { streams: 6, chunk: 40, chunksPerUpdate: 1 }
  const batch = new Streams(spec, new TargetIndex(layout), [range], sizes, new Random(1)).next()
  return { spec, weights: new Float32Array(weightLayout(spec).size), batch }
}

/** Sets the weights of both layers: all others are zero. */
function set(
  spec: NetworkSpec,
  weights: Float32Array,
  name: string,
  change: (view: Float32Array) => void,
): void {
  for (const entry of weightLayout(spec).entries) {
    if (entry.name.endsWith(`.${name}`)) change(weights.subarray(entry.offset, entry.offset + entry.size))
  }
}

function measure(cell: CellKind, activation: Activation, name: string, change: (view: Float32Array) => void) {
  const { spec, weights, batch } = network(cell, activation)
  set(spec, weights, name, change)
  const before = tf.memory().numTensors
  const fused = measureDynamics(tf, true, spec, weights, batch, new Random(1))
  const plain = measureDynamics(tf, false, spec, weights, batch, new Random(1))
  assert.equal(tf.memory().numTensors, before, 'measuring leaks no tensor')
  assert.deepEqual([fused.saturated, fused.dead], [plain.saturated, plain.dead])
  return fused
}

test('a share of the gates that is pushed to an end is the share found saturated', () => {
  // Zero weights: a gate's activation is σ(bias), the same at every step.
  assert.equal(measure('gru', 'tanh', 'gatesBias', () => undefined).saturated, 0)
  const quarter = measure('gru', 'tanh', 'gatesBias', (bias) => bias.fill(-4, 0, bias.length / 4))
  assert.ok(Math.abs(quarter.saturated! - 0.25) < 1e-6, String(quarter.saturated))
  // Of the LSTM's i, f, C̃, o the candidate is no gate.
  const candidate = (bias: Float32Array): unknown => bias.fill(9, 2 * HIDDEN, 3 * HIDDEN)
  assert.equal(measure('lstm', 'tanh', 'bias', candidate).saturated, 0)
  const forget = measure('lstm', 'tanh', 'bias', (bias) => bias.fill(4, HIDDEN, 2 * HIDDEN))
  assert.ok(Math.abs(forget.saturated! - 1 / 3) < 1e-6, String(forget.saturated))
  assert.equal(measure('rnn', 'tanh', 'bias', (bias) => bias.fill(3)).saturated, 1)
})

test('ReLU units that nothing wakes are dead', () => {
  const half = measure('rnn', 'relu', 'bias', (bias) => bias.fill(1).fill(-1, 0, HIDDEN / 2))
  assert.deepEqual([half.dead, half.saturated], [0.5, null])
})

test('the flow through a network is that of its recurrent weights, and reach is where 1 % of it is left', () => {
  const { spec, weights, batch } = network('rnn')
  // Only the top layer has recurrent weights, 0.8 times a permutation; h stays 0, where tanh′ = 1.
  const top = weightLayout(spec).entries.find(({ name }) => name === 'rnn1.kernel')!
  for (let i = 0; i < HIDDEN; i++) weights[top.offset + (HIDDEN + i) * HIDDEN + ((i + 1) % HIDDEN)] = 0.8
  for (const fused of [true, false]) {
    const lags = [0, 1, 7, 30]
    const flow = networkFlow(tf, fused, spec, weights, batch, lags, 'hidden', new Random(1))
    lags.forEach((k, i) => assert.ok(Math.abs(flow[i]! / 0.8 ** k - 1) < 1e-4, `lag ${k}: ${flow[i]}`))
  }
  const { reach, flow } = measureDynamics(tf, true, spec, weights, batch, new Random(1))
  assert.deepEqual(flow[0], [0, 1])
  assert.ok(Math.abs(reach! - Math.log(0.01) / Math.log(0.8)) < 1e-3, String(reach))
})

const HEALTHY = {
  saturated: 0.01,
  dead: null,
  flow: [
    [0, 1],
    [32, 0.05],
    [64, 0.008],
  ],
  reach: 60,
  norm: { median: 0.2, largest: 3 },
  clipNorm: 5,
  cost: 0.01,
} as const

test('healthy gradients call for nothing; each trouble names its cure', () => {
  const advice = (changes: object, clipped = 0, cell: CellKind = 'gru'): string =>
    gradientAdvice({ ...HEALTHY, ...changes }, clipped, { cell }, 64).join('\n')
  assert.equal(advice({}), '')
  assert.match(advice({ flow: [[0, 1], [48, 40]] }, 0, 'rnn'), /^gradients explode, by a factor of 40 over 48 steps.*clipNorm.*chunk.*gated cell/) // prettier-ignore
  assert.doesNotMatch(advice({ flow: [[0, 1], [48, 40]] }), /gated cell/) // prettier-ignore
  assert.match(advice({}, 0.6), /^60 % of the updates were clipped: lower training.learningRate/)
  assert.match(advice({ reach: 13 }, 0, 'rnn'), /^gradients vanish: 1 % is left after 13 steps; take a gated/)
  assert.equal(advice({ reach: 13 }), '', 'a gated cell has time to learn to hold them')
  assert.match(advice({ reach: 6 }), /^gradients vanish: .*shorter chunks \(training.chunk, now 64\)/)
  assert.match(advice({ saturated: 0.7 }), /^70 % of the gates are saturated.*initialisation/)
  assert.match(
    advice({ saturated: null, dead: 0.4 }, 0, 'rnn'),
    /^40 % of the ReLU units are dead.*initialisation/,
  )
})
