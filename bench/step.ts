import { createRequire } from 'node:module'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { NetworkSpec } from '../src/core/network-spec.js'
import { initialWeights } from '../src/model/initial-weights.js'
import { Network } from '../src/model/network.js'
import { Random } from '../src/model/random.js'
import type { Figure } from './figure.js'

const tf = createRequire(import.meta.url)('@tensorflow/tfjs-node') as typeof import('@tensorflow/tfjs-node')

const HIDDEN = 64
const WAVES = [1, 32, 256, 1024]
const ROUNDS = 5

const SPEC: NetworkSpec = {
  cell: 'gru',
  layers: 1,
  hidden: HIDDEN,
  inputs: 13,
  horizon: 24,
  quantiles: [0.1, 0.5, 0.9],
  targetFeatures: 10,
  mixture: 8,
  slots: 24,
  weekdays: 7,
  embedding: 4,
  series: ['a', 'b'],
  kind: 'seasonal',
  season: { short: 24, long: 168 },
  interval: 3_600_000,
  nonNegative: [true, true, true],
  annual: true,
}

/** Time of one step of a wave: recurrent step alone, step with its forecasts, and tf.layers' cell for the former. */
export function benchStep(): Promise<Figure[]> {
  const network = new Network(tf, SPEC, initialWeights(SPEC, 1), { fused: true })
  const results = WAVES.flatMap((rows): Figure[] => {
    const step = microseconds(rows, wave(network, rows, 0))
    const forecast = microseconds(rows, wave(network, rows, rows))
    const layers = microseconds(rows, layersCell(rows))
    return [
      { name: `step, wave of ${rows}`, value: step, unit: 'µs' },
      { name: `step and forecast, wave of ${rows}`, value: forecast, unit: 'µs' },
      { name: `step and forecast per row, wave of ${rows}`, value: forecast / rows, unit: 'µs' },
      { name: `tf.layers.gruCell, wave of ${rows}`, value: layers, unit: 'µs' },
      { name: `tf.layers.gruCell / step, wave of ${rows}`, value: layers / step, unit: 'times' },
    ]
  })
  network.dispose()
  return Promise.resolve(results)
}

/** The best of the rounds, since anything else only measures what else the machine did. */
function microseconds(rows: number, step: () => void): number {
  const repeats = Math.max(10, Math.round(300 / Math.sqrt(rows)))
  let best = Infinity
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now()
    for (let i = 0; i < repeats; i++) step()
    best = Math.min(best, (performance.now() - started) / repeats)
  }
  return best * 1000
}

function wave(network: Network, rows: number, observed: number): () => void {
  const random = new Random(1)
  const normal = (length: number): Float32Array => Float32Array.from({ length }, () => random.normal())
  const { horizon: H, targetFeatures: F } = SPEC
  const input = {
    rows,
    observed,
    inputs: normal(rows * SPEC.inputs),
    embedding: new Int32Array(rows),
    states: new Float32Array(rows * HIDDEN),
    features: normal(observed * H * F),
    calendar: Int32Array.from({ length: observed * H }, () => random.integer(7 * 24)),
  }
  const forecasts = new Float32Array(observed * H * SPEC.quantiles.length)
  return () => network.step(input, { states: input.states, forecasts })
}

/** Copies the inputs in and the states out, as a step does. */
function layersCell(rows: number): () => void {
  const cell = tf.layers.gruCell({ units: HIDDEN })
  cell.build([rows, SPEC.inputs])
  const x = new Float32Array(rows * SPEC.inputs).fill(0.1)
  let state: Float32Array = new Float32Array(rows * HIDDEN)
  return () => {
    const next = tf.tidy(() => {
      const inputs = [tf.tensor2d(x, [rows, SPEC.inputs]), tf.tensor2d(state, [rows, HIDDEN])]
      return (cell.call(inputs, {}) as Tensor[])[0]!
    })
    state = next.dataSync<'float32'>()
    next.dispose()
  }
}
