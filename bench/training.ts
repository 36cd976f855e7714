import { createRequire } from 'node:module'
import type { Rank, Scalar, Tensor, Tensor1D } from '@tensorflow/tfjs-core'
import { clipByGlobalNorm } from '../src/model/clipping.js'
import { cellForm } from '../src/model/cells.js'
import { Random } from '../src/model/random.js'
import type { TensorFlow } from '../src/model/tensorflow.js'
import { stacked } from '../src/model/stack.js'
import { AdamW } from '../src/training/optimizer.js'
import type { Figure } from './figure.js'

const tf = createRequire(import.meta.url)('@tensorflow/tfjs-node') as typeof import('@tensorflow/tfjs-node')

const STEPS = 48
const SERIES = 64
const INPUTS = 13
const HIDDEN = 64
const ROUNDS = 12

const random = new Random(1)
const normal = (length: number): Float32Array => Float32Array.from({ length }, () => 0.1 * random.normal())

/** Time steps trained per second, a time step being one series' step: forward, backward, clipping and update. */
export async function benchTraining(): Promise<Figure[]> {
  const fused = await rate(tidecast(true))
  const plain = await rate(tidecast(false))
  const lstm = await rate(layers((config) => tf.layers.lstm(config)))
  const gru = await rate(layers((config) => tf.layers.gru(config)))
  const unit = 'time steps/s'
  return [
    { name: 'training, GRU fused', value: fused, unit },
    { name: 'training, GRU plain operations', value: plain, unit },
    { name: 'training, tf.layers.lstm', value: lstm, unit },
    { name: 'training, tf.layers.gru', value: gru, unit },
    { name: 'training, GRU fused / tf.layers.lstm', value: fused / lstm, unit: 'times' },
    { name: 'training, GRU fused / tf.layers.gru', value: fused / gru, unit: 'times' },
  ]
}

/** The best of the rounds, since anything else only measures what else the machine did. */
async function rate(update: () => Promise<void> | void): Promise<number> {
  let best = Infinity
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now()
    await update()
    best = Math.min(best, performance.now() - started)
  }
  return (STEPS * SERIES * 1000) / best
}

/** One chunk through this project's recurrent layer, clipping and optimizer, with a linear output and squared error. */
function tidecast(fused: boolean): () => void {
  const core: TensorFlow = tf
  const form = cellForm({ cell: 'gru' }, fused)
  const rows = INPUTS + HIDDEN
  const sizes = [rows * 2 * HIDDEN, 2 * HIDDEN, rows * HIDDEN, HIDDEN, HIDDEN]
  const optimizer = new AdamW(normal(sizes.reduce((a, b) => a + b, 0)), 1e-4, 0.995)
  const inputs = normal(STEPS * SERIES * INPUTS)
  const targets = normal(STEPS * SERIES)
  return () => {
    const gradient = core.tidy(() => {
      const lossOf = (flat: Tensor): Scalar => {
        const [gates, gatesBias, candidate, candidateBias, output] = core.split<Tensor>(flat, sizes)
        const weights = {
          gates: core.reshape<Rank.R2>(gates!, [rows, 2 * HIDDEN]),
          gatesBias: gatesBias as Tensor1D,
          candidate: core.reshape<Rank.R2>(candidate!, [rows, HIDDEN]),
          candidateBias: candidateBias as Tensor1D,
        }
        const x = core.tensor3d(inputs, [STEPS, SERIES, INPUTS])
        const { hidden } = stacked(core, form, [weights], x, core.zeros([SERIES, HIDDEN]))
        const y = core.matMul(
          core.reshape(hidden, [STEPS * SERIES, HIDDEN]),
          core.reshape(output!, [HIDDEN, 1]),
        )
        return core.mean(core.squaredDifference(y, core.tensor2d(targets, [STEPS * SERIES, 1])))
      }
      return core.grad(lossOf)(core.tensor1d(optimizer.weights.slice()))
    })
    const values = gradient.dataSync<'float32'>().slice()
    gradient.dispose()
    clipByGlobalNorm(values, 5)
    optimizer.update(values, 5e-3)
  }
}

type Layer = Parameters<ReturnType<typeof tf.sequential>['add']>[0]
type Recurrent = (config: { units: number; returnSequences: true; inputShape: [number, number] }) => Layer

/** The same sizes as a model of tf.layers. */
function layers(recurrent: Recurrent): () => Promise<void> {
  const model = tf.sequential()
  model.add(recurrent({ units: HIDDEN, returnSequences: true, inputShape: [STEPS, INPUTS] }))
  model.add(tf.layers.dense({ units: 1 }))
  model.compile({ optimizer: tf.train.adam(5e-3), loss: 'meanSquaredError' })
  const x = tf.tensor3d(normal(STEPS * SERIES * INPUTS), [SERIES, STEPS, INPUTS])
  const y = tf.tensor3d(normal(STEPS * SERIES), [SERIES, STEPS, 1])
  return async () => {
    await model.trainOnBatch(x, y)
  }
}
