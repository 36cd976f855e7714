import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Scalar, Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import { compareGolden, relativeError, TOLERANCE, worst, type Errors } from '../../src/cli/verify/compare.js'
import { readGolden, type Golden } from '../../src/cli/verify/golden.js'
import type { CellForm } from '../../src/model/cell.js'
import { cellForm, cellOf } from '../../src/model/cells.js'
import { hasCompiledOps } from '../../src/model/compiled-ops.js'
import { unlessAvailable } from '../support/requirement.js'
import { tensorflow } from './backend.js'

const tf = tensorflow()

/** Compiled tests run from dist/test/model; the files stay where they are. */
const files = readGolden(fileURLToPath(new URL('../../../test/golden/', import.meta.url)))

function named(name: string): Golden {
  const found = files.find(({ golden }) => golden.name === name)
  assert.ok(found, `${name} is there`)
  return found.golden
}

function caught(errors: Errors, ...quantities: (keyof Errors)[]): void {
  for (const quantity of quantities) assert.ok(errors[quantity]! > 10 * TOLERANCE, `${quantity} is off`)
}

/** The plain form with some weights turned first: a cell whose equations differ. */
function broken(golden: Golden, turn: (name: string, weights: Tensor) => Tensor): CellForm {
  const plain = cellForm(golden, false)
  return {
    ...plain,
    sequence(_tf, weights, x, state) {
      const turned = Object.entries(weights).map(([name, w]) => [name, turn(name, w)] as const)
      return plain.sequence(tf, Object.fromEntries(turned), x, state)
    },
  }
}

/** Handles that TensorFlow's binding holds, also those that no tensor of the library stands for. */
const handles = (): number =>
  (tf.backend() as unknown as { binding: { getNumOfTensors(): number } }).binding.getNumOfTensors()

/** Exchanges blocks i and j of width `hidden` in a kernel or bias. */
function exchange(weights: Tensor, blocks: number, i: number, j: number): Tensor {
  const axis = weights.rank - 1
  const parts = [...tf.split(weights, blocks, axis)]
  ;[parts[i], parts[j]] = [parts[j]!, parts[i]!]
  return tf.concat(parts, axis)
}

test('the reference files cover every cell and every way of training', () => {
  assert.equal(files.length, 25)
})

for (const form of ['compiled', 'fused', 'plain'] as const) {
  const skip = unlessAvailable(
    form !== 'compiled' || hasCompiledOps(tf),
    'operations of our own in the binding',
  )
  for (const { file, golden } of files) {
    test(`${file}: the ${form} form has the reference's values and gradients`, { skip }, () => {
      const before = tf.memory().numTensors
      const handlesBefore = handles()
      const errors = compareGolden(tf, golden, cellOf(golden)[form])
      const { quantity, error } = worst(errors)
      assert.ok(error < TOLERANCE, `${quantity} is off by ${error}`)
      assert.equal(errors.stepped === undefined, golden.bidirectional !== null)
      assert.equal(errors.clippedGradients === undefined, golden.clipNorm === undefined)
      assert.equal(tf.memory().numTensors, before)
      assert.equal(handles(), handlesBefore)
    })
  }
}

for (const [i, j] of [
  [0, 1],
  [1, 2],
  [2, 3],
] as const) {
  test(`an LSTM with gates ${i} and ${j} exchanged is caught`, () => {
    const golden = named('lstm')
    caught(
      compareGolden(
        tf,
        golden,
        broken(golden, (_, w) => exchange(w, 4, i, j)),
      ),
      'hidden',
      'loss',
      'weightGradients',
    )
  })
}

test('a GRU whose reset and update gates are exchanged is caught', () => {
  const golden = named('gru')
  const form = broken(golden, (name, w) => (name.startsWith('gates') ? exchange(w, 2, 0, 1) : w))
  caught(compareGolden(tf, golden, form), 'hidden', 'loss', 'weightGradients')
})

test('a GRU whose update gate means the opposite is caught', () => {
  const golden = named('gru')
  const sign = tf.tensor1d([...Array<number>(4).fill(1), ...Array<number>(4).fill(-1)])
  const form = broken(golden, (name, w) => (name.startsWith('gates') ? tf.mul(w, sign) : w))
  caught(compareGolden(tf, golden, form), 'hidden', 'loss', 'weightGradients')
  sign.dispose()
})

test('a GRU whose reset gate acts after the matrix product is caught', () => {
  const golden = named('gru')
  const plain = cellForm(golden, false)
  const step: CellForm['step'] = (_tf, w, x, state) => {
    const h = state[0]!
    const [r, z] = tf.split(
      tf.sigmoid(tf.add(tf.matMul(tf.concat([x, h], 1), w['gates']!), w['gatesBias']!)),
      2,
      1,
    )
    const inputs = x.shape[1]
    const rows = w['candidate']!.shape[0] - inputs
    const input = tf.slice(w['candidate']!, [0, 0], [inputs, -1])
    const recurrent = tf.slice(w['candidate']!, [inputs, 0], [rows, -1])
    const late = tf.add(tf.matMul(x, input), tf.mul(r!, tf.matMul(h, recurrent)))
    const candidate = tf.tanh(tf.add(late, w['candidateBias']!))
    return [tf.add(h, tf.mul(z!, tf.sub(candidate, h)))]
  }
  caught(compareGolden(tf, golden, { ...plain, step }), 'stepped')
})

test('a vanilla cell with the other activation is caught', () => {
  const golden = named('rnn-tanh')
  const form = cellForm({ cell: 'rnn', activation: 'relu' }, true)
  caught(compareGolden(tf, golden, form), 'hidden', 'stepped', 'loss', 'weightGradients')
})

test('chains that read the window in the wrong direction are caught', () => {
  const golden = named('lstm-bidirectional-sum')
  const plain = cellForm(golden, false)
  const form: CellForm = {
    ...plain,
    sequence: (_tf, weights, x, state) => plain.sequence(tf, weights, tf.reverse(x, 0), state),
  }
  caught(compareGolden(tf, golden, form), 'hidden', 'loss', 'weightGradients')
})

for (const cell of ['rnn', 'lstm', 'gru']) {
  test(`${cell}: clipping to another norm, or not at all, is caught`, () => {
    const golden = named(`${cell}-clipped`)
    const form = cellForm(golden, true)
    caught(compareGolden(tf, { ...golden, clipNorm: golden.clipNorm! * 1.01 }, form), 'clippedGradients')
    caught(compareGolden(tf, { ...golden, clipNorm: 1e9 }, form), 'clippedGradients')
  })

  test(`${cell}: a gradient that crosses the cut between chunks is caught, though every value is right`, () => {
    const golden = named(`${cell}-truncated`)
    const chunks = golden.loss.length
    // One mean over all steps instead of one per chunk: the same gradient up to this factor, but for the cut.
    const scaled = scaleNumbers(golden.gradients, 1 / chunks)
    const whole = {
      ...golden,
      chunk: null,
      loss: [golden.loss.reduce((sum, loss) => sum + loss, 0) / chunks],
      gradients: scaled,
      gradientNorm: golden.gradientNorm / chunks,
    }
    const errors = compareGolden(tf, whole, cellForm(golden, true))
    for (const right of ['hidden', 'output', 'loss'] as const) assert.ok(errors[right]! < TOLERANCE, right)
    caught(errors, 'weightGradients', 'inputGradient', 'initialStateGradient')
  })
}

function scaleNumbers<T>(value: T, factor: number): T {
  return JSON.parse(
    JSON.stringify(value, (_, part: unknown) => (typeof part === 'number' ? part * factor : part)),
  ) as T
}

test('an LSTM passes the gradient of its last cell state, as an encoder hands it on', () => {
  const before = tf.memory().numTensors
  const gradients = [true, false].map((fused) =>
    tf.tidy(() => {
      const form = cellForm({ cell: 'lstm' }, fused)
      const x = tf.randomNormal([5, 3, 2], 0, 1, 'float32', 1)
      const state = [1, 2].map((seed) => tf.randomNormal([3, 4], 0, 1, 'float32', seed))
      const kernel = tf.randomNormal([6, 16], 0, 1, 'float32', 3)
      const bias = tf.randomNormal([16], 0, 1, 'float32', 4)
      const lossOf = (...args: Tensor[]): Scalar => {
        const [x, h, c, kernel, bias] = args as [Tensor3D, Tensor2D, Tensor2D, Tensor, Tensor]
        return tf.sum<Scalar>(tf.square(form.sequence(tf, { kernel, bias }, x, [h, c]).last[1]!))
      }
      const { grads } = tf.valueAndGrads(lossOf)([x, ...state, kernel, bias])
      return grads.map((g) => [...g.dataSync()])
    }),
  )
  const [fused, plain] = gradients as [number[][], number[][]]
  fused.forEach((g, i) => assert.ok(relativeError(g, plain[i]!) < 1e-5, `array ${i}`))
  assert.equal(tf.memory().numTensors, before)
})

for (const cell of ['rnn', 'lstm', 'gru'] as const) {
  test(`${cell}: a sequence of a single step is the step, with its gradient`, () => {
    const before = tf.memory().numTensors
    const gradients = [true, false].map((fused) =>
      tf.tidy(() => {
        const form = cellForm({ cell }, fused)
        const random = (shape: readonly number[], seed: number): Tensor =>
          tf.randomNormal([...shape], 0, 1, 'float32', seed)
        const shapes = Object.entries(cellOf({ cell }).shapes(2, 4))
        const weights = shapes.map(([, shape], i) => random(shape, i + 1))
        const state = Array.from({ length: form.states }, (_, i) => random([3, 4], 10 + i))
        const lossOf = (...args: Tensor[]): Scalar => {
          const [x, ...rest] = args as [Tensor3D, ...Tensor[]]
          const from = rest.slice(0, form.states) as Tensor2D[]
          const w = shapes.map(([name], i) => [name, rest[form.states + i]!] as const)
          const { hidden, last } = form.sequence(tf, Object.fromEntries(w), x, from)
          return tf.add(tf.sum<Scalar>(tf.square(hidden)), tf.sum<Scalar>(last[0]!))
        }
        const { value, grads } = tf.valueAndGrads(lossOf)([random([1, 3, 2], 20), ...state, ...weights])
        return [value, ...grads].map((g) => [...g.dataSync()])
      }),
    )
    const [fused, plain] = gradients as [number[][], number[][]]
    fused.forEach((g, i) => assert.ok(relativeError(g, plain[i]!) < 1e-5, `array ${i}`))
    assert.equal(tf.memory().numTensors, before)
  })
}
