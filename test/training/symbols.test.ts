import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SeriesHistory } from '../../src/core/history.js'
import { UNKNOWN, Vocabulary } from '../../src/core/vocabulary.js'
import { stateSize } from '../../src/core/network-spec.js'
import { Random } from '../../src/model/random.js'
import { networkOf } from '../../src/model/stepping-network.js'
import { initialTokenWeights } from '../../src/model/token-network.js'
import { symbolGradient } from '../../src/training/symbols/gradient.js'
import { sequencesOf } from '../../src/training/symbols/sequences.js'
import { SymbolStreams } from '../../src/training/symbols/streams.js'
import { trainSymbols } from '../../src/training/symbols/train.js'
import { chunkedGradient } from '../../src/training/update-gradient.js'
import { tensorflow } from '../model/backend.js'
import { pipelineConfig } from '../support/pipeline-config.js'

const tf = tensorflow()
const SENTENCE = 'the state is carried, never unrolled again. '
const { training, model } = pipelineConfig('words', {
  model: { hidden: 32 },
  training: { updates: 300, learningRate: 0.01, chunk: 64, streams: 8 },
})

/** Series that repeat a text, each from another place on. */
function repeating(seen: Vocabulary, series: number, length: number): SeriesHistory[] {
  return Array.from({ length: series }, (_, s) => ({
    series: `s${s}`,
    start: 0,
    values: Float64Array.from({ length }, (_, i) => seen.take(SENTENCE[(i + 7 * s) % SENTENCE.length]!)),
    ts: Float64Array.from({ length }, (_, i) => i),
  }))
}

test('a repeated text is learnt: log-loss near 0 on held-out symbols, far below the baseline, and no tensor is left', async () => {
  const before = tf.memory().numTensors
  const seen = new Vocabulary(1000)
  const { scores, spec, report } = await trainSymbols({
    tf,
    fused: true,
    histories: repeating(seen, 3, 1500),
    seen,
    maxVocabulary: 100,
    model,
    training,
    onProgress: () => undefined,
    signal: new AbortController().signal,
  })
  assert.ok(scores.network.logLoss! < 0.02, `log-loss ${scores.network.logLoss!}`)
  assert.ok(scores.network.accuracy! > 0.99, `accuracy ${scores.network.accuracy!}`)
  // Letters that are followed by now one, now another: what a first-order model cannot know.
  assert.ok(scores.baseline.logLoss! > 0.3, `baseline ${scores.baseline.logLoss!}`)
  assert.equal(scores.network.targets, scores.baseline.targets)
  assert.deepEqual([...spec.symbols!].sort(), [...new Set(SENTENCE)].sort())
  assert.ok(report.validationLoss < 0.05)
  assert.equal(tf.memory().numTensors, before)
})

test('the vocabulary holds the most frequent symbols; what came once or finds no room is unknown', () => {
  const seen = new Vocabulary(100)
  const values = Float64Array.from(Array.from('aaaabbbccd'), (letter) => seen.take(letter))
  values[1] = NaN
  const ts = Float64Array.from(values, (_, i) => i)
  const { symbols, sequences } = sequencesOf([{ series: 's', start: 0, values, ts }], seen, 2)
  assert.deepEqual(symbols, ['a', 'b'])
  assert.deepEqual([...sequences[0]!.symbols], [1, -1, 1, 1, 2, 2, 2, UNKNOWN, UNKNOWN, UNKNOWN])
})

test('two chunks per update give the gradient of one chunk twice as long', () => {
  const spec = { cell: 'lstm', tokens: 9, embedding: 5, layers: 2, hidden: 8 } as const
  const weights = initialTokenWeights(spec, new Random(2))
  const random = new Random(3)
  const symbols = Int32Array.from({ length: 400 }, () => random.integer(9))
  const sequence = { series: 's', length: 400, ts: new Float64Array(400), symbols }
  const gradient = (chunk: number, chunksPerUpdate: number) => {
    const sizes = { streams: 3, chunk, chunksPerUpdate }
    // One place to start from, so that both read the same.
    const streams = new SymbolStreams([{ sequence, end: 40 }], sizes, stateSize(spec), {
      uniform: () => 0,
      integer: () => 0,
    } as never)
    return chunkedGradient(streams, chunksPerUpdate, {
      states: (batch) =>
        symbolGradient(tf, true, spec, weights, batch, null, { weight: 1, later: null }).states,
      gradient: (batch, _, share) => symbolGradient(tf, true, spec, weights, batch, null, share),
      targets: ({ mask }) => mask.reduce((a, b) => a + b, 0),
    })
  }
  const [one, two] = [gradient(24, 1), gradient(12, 2)]
  assert.ok(Math.abs(one.loss - two.loss) < 1e-5 * one.loss)
  const largest = one.gradient.reduce((most, g) => Math.max(most, Math.abs(g)), 0)
  one.gradient.forEach((g, i) => assert.ok(Math.abs(g - two.gradient[i]!) < 1e-4 * largest, `weight ${i}`))
})

test('waves of symbols: series do not mix, in whatever order they come, and probabilities sum to 1', () => {
  const before = tf.memory().numTensors
  const symbols = ['a', 'b', 'c', 'd']
  const spec = {
    kind: 'symbols',
    symbols,
    cell: 'gru',
    layers: 2,
    hidden: 8,
    inputs: 1,
    embedding: 4,
    horizon: 1,
    interval: 0,
    season: { short: 1, long: 1 },
    quantiles: [],
    targetFeatures: 0,
    mixture: 0,
    slots: 0,
    weekdays: 0,
    series: [],
    nonNegative: [],
    annual: false,
  } as const
  const random = new Random(5)
  const weights = initialTokenWeights({ ...spec, tokens: 5 }, random)
  const rows = 6
  const states = Float32Array.from({ length: rows * 16 }, () => random.normal())
  const inputs = Float32Array.from({ length: rows }, () => random.integer(5))
  const step = (order: readonly number[], fused: boolean) => {
    const network = networkOf(tf, spec, weights, { fused })
    const some = Float32Array.from(order.flatMap((row) => [...states.subarray(row * 16, row * 16 + 16)]))
    const forecasts = new Float32Array(order.length * 5)
    const none = new Int32Array()
    network.step(
      {
        rows: order.length,
        observed: order.length,
        inputs: Float32Array.from(order, (row) => inputs[row]!),
        embedding: none,
        states: some,
        features: new Float32Array(),
        calendar: none,
      },
      { states: some, forecasts },
    )
    network.dispose()
    return order.map((_, i) => [
      ...some.subarray(i * 16, i * 16 + 16),
      ...forecasts.subarray(i * 5, i * 5 + 5),
    ])
  }
  const together = step([0, 1, 2, 3, 4, 5], true)
  const order = [3, 0, 5, 1, 4, 2]
  const others = [step(order, true), step(order, false), order.flatMap((row) => step([row], true))]
  for (const other of others) {
    other.forEach((row, i) =>
      row.forEach((value, j) => assert.ok(Math.abs(value - together[order[i]!]![j]!) < 1e-6)),
    )
  }
  for (const row of together) assert.ok(Math.abs(row.slice(16).reduce((a, b) => a + b) - 1) < 1e-6)
  assert.equal(tf.memory().numTensors, before)
})
