import { createRequire } from 'node:module'
import type { Rank, Tensor, Tensor2D } from '@tensorflow/tfjs-core'
import { CELLS, STATES, type CellKind } from '../src/core/network-spec.js'
import { cellForm, cellOf } from '../src/model/cells.js'
import { initialiseCell } from '../src/model/initial-cell.js'
import { Random } from '../src/model/random.js'
import { beside, type Row } from './beside.js'
import type { Figure } from './figure.js'
import { tensorflow } from './tensorflow.js'

const WAVES = [1, 32, 256, 1024]
const HIDDEN = [64, 128]
const INPUTS = 13
/** Of each measurement; the best of the rounds in it counts, since anything else only measures what else the machine did. */
const SECONDS = 0.15

type Layers = (typeof import('@tensorflow/tfjs-node'))['layers']

/** One step of each cell beside tf.layers' and PyTorch's: the tensors at hand, the state carried from step to step. */
export async function benchCells(): Promise<Figure[]> {
  const tf = await tensorflow()
  const { layers } = createRequire(import.meta.url)('@tensorflow/tfjs-node') as { layers: Layers }
  const rows: Row[] = []
  for (const cell of CELLS) {
    for (const hidden of HIDDEN) {
      for (const wave of WAVES) {
        rows.push({
          name: `step, ${cell} ${hidden}, wave of ${wave}`,
          job: { kind: 'step', cell, hidden, inputs: INPUTS, rows: wave, seconds: SECONDS },
          tidecast: best(ours(cell, hidden, wave)),
          layers: best(theirs(cell, hidden, wave)),
        })
      }
    }
  }
  return beside(rows)

  function ours(cell: CellKind, hidden: number, wave: number): () => void {
    const form = cellForm({ cell }, true)
    const random = new Random(1)
    const fresh = Object.entries(cellOf({ cell }).shapes(INPUTS, hidden)).map(([name, shape]) => {
      const values = new Float32Array(shape.reduce((a, b) => a * b, 1))
      initialiseCell(cell, { name, shape }, values, hidden, random)
      return [name, tf.tensor(values, [...shape])] as const
    })
    const weights = form.prepare(tf, Object.fromEntries(fresh))
    const x = tf.randomNormal<Rank.R2>([wave, INPUTS])
    let state: readonly Tensor2D[] = Array.from({ length: STATES[cell] }, () =>
      tf.zeros<Rank.R2>([wave, hidden]),
    )
    return () => {
      tf.engine().startScope()
      const next = form.step(tf, weights, x, state)
      for (const tensor of next) tf.keep(tensor)
      tf.engine().endScope()
      for (const tensor of state) tensor.dispose()
      state = next
    }
  }

  function theirs(cell: CellKind, units: number, wave: number): () => void {
    const make = { rnn: layers.simpleRNNCell, lstm: layers.lstmCell, gru: layers.gruCell }[cell]
    const layer = make({ units })
    layer.build([wave, INPUTS])
    const x = tf.randomNormal([wave, INPUTS])
    let state: Tensor[] = Array.from({ length: STATES[cell] }, () => tf.zeros([wave, units]))
    return () => {
      const next = tf.tidy(() => layer.call([x, ...state] as never, {}) as Tensor[]).slice(1)
      tf.dispose(state)
      state = next.length > 0 ? next : state
    }
  }
}

/** Seconds of one call. */
function best(step: () => void): number {
  for (let i = 0; i < 20; i++) step()
  let fastest = Infinity
  const end = performance.now() + SECONDS * 1000
  while (performance.now() < end) {
    const started = performance.now()
    for (let i = 0; i < 10; i++) step()
    fastest = Math.min(fastest, (performance.now() - started) / 10)
  }
  return fastest / 1000
}
