import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SeriesHistory } from '../../src/core/history.js'
import { TrainingError } from '../../src/training/error.js'
import { trainNetwork, type TrainingOptions } from '../../src/training/train.js'
import { tensorflow } from '../model/backend.js'
import { TRAINING } from './configured.js'
import { SHAPE, syntheticSeries, withGaps } from './series.js'

const tf = tensorflow()

async function train(histories: readonly SeriesHistory[], changes: Partial<TrainingOptions> = {}) {
  const before = tf.memory().numTensors
  try {
    return await trainNetwork({
      tf,
      fused: true,
      histories,
      shape: SHAPE,
      model: { cell: 'gru', activation: 'tanh', layers: 1, hidden: 16 },
      training: TRAINING,
      onProgress: () => undefined,
      signal: new AbortController().signal,
      ...changes,
    })
  } finally {
    assert.equal(tf.memory().numTensors, before, 'training leaks no tensor')
  }
}

const failsWith = (code: string) => (error: unknown) => error instanceof TrainingError && error.code === code

test('on a seasonal series with a swing the network beats the baseline on later data', async () => {
  const { scores, report, spec } = await train([syntheticSeries('a', 1500, 1), syntheticSeries('b', 1200, 2)])
  assert.ok(scores.network.wql < 0.9 * scores.baseline.wql, JSON.stringify(scores))
  assert.ok(scores.network.mase < scores.baseline.mase, JSON.stringify(scores))
  assert.ok(scores.network.coverage > 0.65 && scores.network.coverage < 0.92, JSON.stringify(scores))
  assert.equal(scores.network.targets, scores.baseline.targets)
  // By how far ahead, of the same targets.
  for (const who of ['network', 'baseline'] as const) {
    const parts = report.horizons!.map((one) => one[who])
    const covered = parts.reduce((sum, { coverage, targets }) => sum + coverage! * targets, 0)
    assert.equal(
      parts.reduce((sum, { targets }) => sum + targets, 0),
      scores[who].targets,
    )
    assert.ok(Math.abs(covered / scores[who].targets - scores[who].coverage) < 1e-9)
  }
  assert.equal(report.observations, 2700)
  const { norm, flow, saturated, clipNorm } = report.gradients!
  assert.ok(norm.median > 0 && norm.largest >= norm.median && clipNorm === TRAINING.clipNorm)
  assert.ok(flow.length > 5 && flow[0]![1] === 1 && saturated! < 0.5, JSON.stringify(report.gradients))
  assert.deepEqual(spec.series, ['a', 'b'])
})

test('the same seed gives the same numbers, another seed others', async () => {
  const short = { ...TRAINING, updates: 20 }
  const histories = [syntheticSeries('a', 500, 1), syntheticSeries('b', 500, 2)]
  const one = await train(histories, { training: short })
  const two = await train(histories, { training: short })
  const other = await train(histories, { training: { ...short, seed: 6 } })
  assert.deepEqual(one.weights, two.weights)
  assert.deepEqual(one.scores, two.scores)
  assert.deepEqual(one.report.curve, two.report.curve)
  assert.notDeepEqual(one.weights, other.weights)
})

const MODELS = {
  'the vanilla cell': { cell: 'rnn', activation: 'tanh', layers: 1, hidden: 16 },
  'the vanilla cell with ReLU': { cell: 'rnn', activation: 'relu', layers: 1, hidden: 16 },
  'two LSTM layers': { cell: 'lstm', activation: 'tanh', layers: 2, hidden: 16 },
  'an encoder–decoder': {
    cell: 'gru',
    activation: 'tanh',
    layers: 1,
    hidden: 16,
    decoder: 'autoregressive',
  },
  'an encoder–decoder that draws paths': {
    cell: 'lstm',
    activation: 'tanh',
    layers: 1,
    hidden: 16,
    decoder: 'autoregressive',
    samples: 40,
  },
  'three GRU layers with dropout and residual connections': {
    cell: 'gru',
    activation: 'tanh',
    layers: 3,
    hidden: 16,
    dropout: 0.2,
    residual: true,
  },
} as const

for (const [name, model] of Object.entries(MODELS)) {
  test(`${name}: trained like the GRU, it beats the baseline on later data`, async () => {
    const { scores, spec } = await train([syntheticSeries('a', 1500, 1)], { model })
    assert.ok(scores.network.wql < scores.baseline.wql, JSON.stringify(scores))
    assert.equal(spec.cell, model.cell)
  })

  test(`${name}: fused and plain operations train the same network`, async () => {
    const histories = [syntheticSeries('a', 300, 1)]
    const training = { ...TRAINING, updates: 5 }
    const fused = await train(histories, { model, training })
    const plain = await train(histories, { model, training, fused: false })
    fused.weights.forEach((w, i) => assert.ok(Math.abs(w - plain.weights[i]!) < 1e-3))
  })
}

test('several chunks per update train as well', async () => {
  const training = { ...TRAINING, chunk: 24, chunksPerUpdate: 3 }
  const { scores } = await train([syntheticSeries('a', 1500, 1)], { training })
  assert.ok(scores.network.wql < scores.baseline.wql, JSON.stringify(scores))
})

test('fused and plain operations train the same network', async () => {
  const histories = [syntheticSeries('a', 300, 1)]
  const training = { ...TRAINING, updates: 5 }
  const fused = await train(histories, { training })
  const plain = await train(histories, { training, fused: false })
  fused.weights.forEach((w, i) => assert.ok(Math.abs(w - plain.weights[i]!) < 1e-3, `weight ${i}`))
})

test('gaps, series of very different lengths and constant series are trained on', async () => {
  const constant = syntheticSeries('c', 400, 3)
  const { scores, weights } = await train(
    [
      withGaps(syntheticSeries('a', 800, 1), 9),
      syntheticSeries('short', 30, 2),
      { ...constant, values: constant.values.fill(4) },
      { ...constant, series: 'empty', values: new Float64Array(400).fill(NaN) },
    ],
    { training: { ...TRAINING, updates: 20 } },
  )
  assert.ok(weights.every(Number.isFinite))
  assert.ok(Number.isFinite(scores.network.wql))
})

test('with imputation a network is trained on filled gaps besides, and judged on the same targets', async () => {
  const gapped = [withGaps(syntheticSeries('a', 800, 1), 9)]
  const training = { ...TRAINING, updates: 20 }
  const none = await train(gapped, { training })
  const imputed = await train(gapped, { training: { ...training, imputation: 'bidirectional' } })
  assert.notDeepEqual(imputed.weights, none.weights)
  assert.deepEqual(imputed.scores.baseline, none.scores.baseline)
  assert.equal(imputed.scores.network.targets, none.scores.network.targets)
  assert.equal(imputed.report.observations, none.report.observations)
})

test('a walk is trained on the observation grid', async () => {
  const { values } = syntheticSeries('a', 600, 4)
  let level = 100
  const walk = values.map((x) => (level += x - 10))
  const shape = { interval: 0, season: { short: 1, long: 1 }, horizon: 5, quantiles: [0.1, 0.5, 0.9] }
  const ts = values.map((_, t) => t * 86_400_000)
  const { spec, scores } = await train([{ series: 'a', start: 0, values: walk, ts }], {
    shape,
    training: { ...TRAINING, updates: 20 },
  })
  assert.equal(spec.kind, 'walk')
  assert.ok(scores.network.targets > 0)
})

test('too little data is a refusal, not a crash', async () => {
  await assert.rejects(train([syntheticSeries('a', 20, 1)]), failsWith('too-little-data'))
  await assert.rejects(train([]), failsWith('too-little-data'))
})

test('a loss that is not finite ends the training', async () => {
  const training = { ...TRAINING, learningRate: 1e30 }
  await assert.rejects(train([syntheticSeries('a', 500, 1)], { training }), failsWith('nan-loss'))
})

test('an abort ends the training between two updates', async () => {
  const abort = new AbortController()
  let updates = 0
  const run = train([syntheticSeries('a', 500, 1)], {
    signal: abort.signal,
    onProgress: ({ update }) => {
      updates = update
      if (update === 3) setImmediate(() => abort.abort())
    },
  })
  await assert.rejects(run, failsWith('aborted'))
  assert.ok(updates < 10)
})
