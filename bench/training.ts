import { createRequire } from 'node:module'
import type { Rank, Scalar, Tensor } from '@tensorflow/tfjs-core'
import { CELLS, STATES, type CellKind } from '../src/core/network-spec.js'
import { cellForm, cellOf } from '../src/model/cells.js'
import { clipByGlobalNorm } from '../src/model/clipping.js'
import { cut, layOut, layerOf } from '../src/model/flat-weights.js'
import { Random } from '../src/model/random.js'
import { stacked } from '../src/model/stack.js'
import { AdamW } from '../src/training/optimizer.js'
import { beside, type Row } from './beside.js'
import type { Figure } from './figure.js'
import { tensorflow } from './tensorflow.js'

const STEPS = 48
const SERIES = 64
const INPUTS = 13
const HIDDEN = 64
const SECONDS = 2

type Node = typeof import('@tensorflow/tfjs-node')

const random = new Random(1)
const normal = (length: number): Float32Array => Float32Array.from({ length }, () => 0.1 * random.normal())

/** One update of each cell beside tf.layers and PyTorch: forward, backward, clipping and optimizer. */
export async function benchTraining(): Promise<Figure[]> {
  const tf = await tensorflow()
  const node = createRequire(import.meta.url)('@tensorflow/tfjs-node') as Node
  const rows: Row[] = []
  for (const cell of CELLS) {
    rows.push({
      name: `training, ${cell} ${HIDDEN}, ${STEPS} steps of ${SERIES} series`,
      job: {
        kind: 'training',
        cell,
        hidden: HIDDEN,
        inputs: INPUTS,
        steps: STEPS,
        series: SERIES,
        seconds: SECONDS,
      },
      tidecast: await best(ours(cell)),
      layers: await best(theirs(cell)),
    })
  }
  return beside(rows)

  /** One chunk through this project's recurrent layer, clipping and optimizer, with a linear output and squared error. */
  function ours(cell: CellKind): () => void {
    const form = cellForm({ cell }, true)
    const shapes = Object.entries(cellOf({ cell }).shapes(INPUTS, HIDDEN))
    const layout = layOut([
      ...shapes.map(([name, shape]) => [`layer.${name}`, shape] as const),
      ['output', [HIDDEN, 1]],
    ])
    const optimizer = new AdamW(normal(layout.size), 1e-4, 0.995)
    const inputs = normal(STEPS * SERIES * INPUTS)
    const targets = normal(STEPS * SERIES)
    const lossOf = (flat: Tensor): Scalar => {
      const arrays = cut(tf, layout, flat as never)
      const x = tf.tensor3d(inputs, [STEPS, SERIES, INPUTS])
      const zero = tf.zeros<Rank.R2>([SERIES, STATES[cell] * HIDDEN])
      const { hidden } = stacked(tf, form, [layerOf(arrays, 'layer.')], x, zero)
      const y = tf.matMul(
        tf.reshape<Rank.R2>(hidden, [STEPS * SERIES, HIDDEN]),
        arrays.get('output') as never,
      )
      return tf.mean(tf.squaredDifference(y, tf.tensor2d(targets, [STEPS * SERIES, 1])))
    }
    return () => {
      const gradient = tf.tidy(() => tf.grad(lossOf)(tf.tensor1d(optimizer.weights.slice())))
      const values = gradient.dataSync<'float32'>().slice()
      gradient.dispose()
      clipByGlobalNorm(values, 5)
      optimizer.update(values, 5e-3)
    }
  }

  /** The same sizes as a model of tf.layers, which cannot clip. */
  function theirs(cell: CellKind): () => Promise<void> {
    const { layers } = node
    const make = { rnn: layers.simpleRNN, lstm: layers.lstm, gru: layers.gru }[cell]
    const model = node.sequential()
    model.add(make({ units: HIDDEN, returnSequences: true, inputShape: [STEPS, INPUTS] }))
    model.add(layers.dense({ units: 1 }))
    model.compile({ optimizer: node.train.adam(5e-3), loss: 'meanSquaredError' })
    const x = node.tensor3d(normal(STEPS * SERIES * INPUTS), [SERIES, STEPS, INPUTS])
    const y = node.tensor3d(normal(STEPS * SERIES), [SERIES, STEPS, 1])
    return async () => {
      await model.trainOnBatch(x, y)
    }
  }
}

/** Seconds of the fastest call, since anything else only measures what else the machine did. */
async function best(update: () => Promise<void> | void): Promise<number> {
  await update()
  let fastest = Infinity
  const end = performance.now() + SECONDS * 1000
  while (performance.now() < end) {
    const started = performance.now()
    await update()
    fastest = Math.min(fastest, performance.now() - started)
  }
  return fastest / 1000
}
