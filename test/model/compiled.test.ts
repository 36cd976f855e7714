import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Scalar, Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import { relativeError } from '../../src/cli/verify/compare.js'
import type { CellForm } from '../../src/model/cell.js'
import { cellOf, type CellChoice } from '../../src/model/cells.js'
import { hasCompiledOps } from '../../src/model/compiled-ops.js'
import { runOp } from '../../src/model/tensorflow.js'
import { unlessAvailable } from '../support/requirement.js'
import { tensorflow } from './backend.js'

const tf = tensorflow()
const skip = unlessAvailable(hasCompiledOps(tf), 'operations of our own in the binding')

const CHOICES: readonly CellChoice[] = [
  { cell: 'rnn' },
  { cell: 'rnn', activation: 'relu' },
  { cell: 'lstm' },
  { cell: 'gru' },
]

/** Sizes on both sides of every tile (6 rows, 16 and 64 columns) and of a block of 256 rows. */
const SIZES = [
  { steps: 3, batch: 1, inputs: 1, hidden: 1 },
  { steps: 5, batch: 1, inputs: 3, hidden: 64 },
  { steps: 1, batch: 7, inputs: 20, hidden: 15 },
  { steps: 4, batch: 6, inputs: 16, hidden: 16 },
  { steps: 9, batch: 65, inputs: 13, hidden: 33 },
] as const

type Sizes = (typeof SIZES)[number]

/** Operands as random numbers: x, the state, the weights. */
function operandsOf(choice: CellChoice, { steps, batch, inputs, hidden }: Sizes) {
  const random = (shape: readonly number[], seed: number): Tensor =>
    tf.randomUniform([...shape], -0.4, 0.4, 'float32', seed)
  const cell = cellOf(choice)
  const state = Array.from({ length: cell.plain.states }, (_, i) => random([batch, hidden], 30 + i))
  const shapes = Object.entries(cell.shapes(inputs, hidden))
  const weights = shapes.map(([name, shape], i) => [name, random(shape, i + 1)] as const)
  return { x: random([steps, batch, inputs], 20), state: state as Tensor2D[], weights }
}

/** All values and gradients of one form: of every h, and of the last state. */
function outcomeOf(choice: CellChoice, form: CellForm, sizes: Sizes): number[][] {
  return tf.tidy(() => {
    const { x, state, weights } = operandsOf(choice, sizes)
    const lossOf = (...args: Tensor[]): Scalar => {
      const [x, ...rest] = args as [Tensor3D, ...Tensor[]]
      const from = rest.slice(0, state.length) as Tensor2D[]
      const w = weights.map(([name], i) => [name, rest[state.length + i]!] as const)
      const { hidden, last } = form.sequence(tf, Object.fromEntries(w), x, from)
      return tf.add(tf.sum<Scalar>(tf.square(hidden)), tf.sum<Scalar>(last.at(-1)!))
    }
    const { value, grads } = tf.valueAndGrads(lossOf)([x, ...state, ...weights.map(([, w]) => w)])
    const prepared = form.prepare(tf, Object.fromEntries(weights))
    const stepped = form.step(tf, prepared, tf.squeeze(tf.slice(x, 0, 1), [0]), state)
    return [value, ...grads, ...stepped].map((part) => [...part.dataSync()])
  })
}

for (const choice of CHOICES) {
  const name = `${choice.cell}${choice.activation === undefined ? '' : ` ${choice.activation}`}`
  test(`${name}: the compiled form has the plain form's values and gradients at every size`, { skip }, () => {
    const before = tf.memory().numTensors
    const cell = cellOf(choice)
    for (const sizes of SIZES) {
      const [ours, plain] = [outcomeOf(choice, cell.compiled, sizes), outcomeOf(choice, cell.plain, sizes)]
      ours.forEach((part, i) => {
        const error = relativeError(part, plain[i]!)
        assert.ok(error < 1e-5, `${JSON.stringify(sizes)}: array ${i} is off by ${error}`)
      })
    }
    assert.equal(tf.memory().numTensors, before)
  })

  test(`${name}: what is not a number stays so, in its own row only`, { skip }, () => {
    tf.tidy(() => {
      const { x, state, weights } = operandsOf(choice, SIZES[4])
      const first = tf.squeeze<Tensor2D>(tf.slice(x, 0, 1), [0])
      const nan = tf.tensor2d(
        Float32Array.from({ length: first.size }, (_, i) => (i === 13 ? NaN : 0.1)),
        first.shape,
      )
      const [h] = cellOf(choice).compiled.step(tf, Object.fromEntries(weights), nan, state)
      const rows = h!.arraySync()
      rows.forEach((row, r) =>
        assert.ok(
          row.every((value) => Number.isNaN(value) === (r === 1)),
          `row ${r}`,
        ),
      )
    })
  })
}

test('arrays that do not fit together are refused, not read past their end', { skip }, () => {
  tf.tidy(() => {
    const [x, h, kernel] = [tf.zeros([4, 3]), tf.zeros([4, 5]), tf.zeros([9, 5])]
    const wrong = /input 2 has another shape/
    assert.throws(() => runOp(tf, 'TidecastRnnStep', [x, h, kernel, tf.zeros([5])]), wrong)
    assert.throws(() => runOp(tf, 'TidecastRnnStep', [tf.zeros([3]), h, kernel, tf.zeros([5])]), /x must be/)
  })
})
