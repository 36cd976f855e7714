import type { Rank, Scalar, Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import { stackedBidirectional } from '../../model/bidirectional.js'
import type { CellForm, LayerWeights } from '../../model/cell.js'
import { splitStates, stacked } from '../../model/stack.js'
import type { TensorFlow } from '../../model/tensorflow.js'
import {
  arrangeChain,
  arrangeStates,
  arrangeWeights,
  chainsOf,
  sequence,
  vector,
  type Values,
} from './arrange.js'
import type { Golden } from './golden.js'

/** What this project finds for a reference network, in the arrangement of arrange.ts. */
export interface Outcome {
  readonly hidden: readonly number[]
  readonly output: readonly number[]
  readonly finalState: readonly number[]
  /** Of each chunk. */
  readonly loss: readonly number[]
  /** By array; added up over chunks. */
  readonly weightGradients: readonly Float32Array[]
  readonly inputGradient: readonly number[]
  readonly initialStateGradient: readonly number[]
}

/** Runs the network chunk by chunk, the state handed on as a value: the gradient does not cross the cut. */
export function runGolden(tf: TensorFlow, golden: Golden, form: CellForm): Outcome {
  const weights = arrangeWeights(golden.cell, golden.weights)
  const sums = weights.map((w) => new Float32Array(w.values.length))
  const hidden: number[] = []
  const output: number[] = []
  const loss: number[] = []
  const inputGradient: number[] = []
  let initialStateGradient: number[] = []
  let state = arrangeStates(golden.initialState)
  const length = golden.chunk ?? golden.steps
  for (let at = 0; at < golden.steps; at += length) {
    const x = sequence(golden.x.slice(at, at + length))
    const target = sequence(golden.target.slice(at, at + length))
    const chunk = runChunk(tf, golden, form, x, target, state, weights)
    hidden.push(...chunk.hidden)
    output.push(...chunk.output)
    loss.push(chunk.loss)
    const [dx, dState, ...dWeights] = chunk.gradients as [Float32Array, Float32Array, ...Float32Array[]]
    inputGradient.push(...dx)
    if (at === 0) initialStateGradient = [...dState]
    dWeights.forEach((g, i) => {
      g.forEach((value, j) => (sums[i]![j]! += value))
    })
    state = { values: chunk.state, shape: state.shape }
  }
  const finalState = [...state.values]
  return { hidden, output, finalState, loss, weightGradients: sums, inputGradient, initialStateGradient }
}

interface Chunk {
  readonly hidden: Float32Array
  readonly output: Float32Array
  readonly state: Float32Array
  readonly loss: number
  /** Of x, the state and every weight. */
  readonly gradients: readonly Float32Array[]
}

function runChunk(
  tf: TensorFlow,
  golden: Golden,
  form: CellForm,
  x: Values,
  target: Values,
  state: Values,
  weights: readonly Values[],
): Chunk {
  let forward: readonly Float32Array[] = []
  let loss = NaN
  let gradients: readonly Float32Array[] = []
  tf.tidy(() => {
    const expected = toTensor(tf, target)
    const lossOf = (...args: Tensor[]): Scalar => {
      const [x, states, ...w] = args as [Tensor3D, Tensor2D, ...Tensor[]]
      const { hidden, last } = unroll(tf, golden, form, w, x, states)
      const rows = tf.reshape<Rank.R2>(hidden, [-1, hidden.shape[2]])
      const y = tf.add(tf.matMul(rows, w.at(-2) as Tensor2D), w.at(-1)!) // y_t = W_hy h_t + b_y
      forward = [hidden, y, last].map((t) => t.dataSync<'float32'>().slice())
      return tf.mean(tf.squaredDifference(tf.reshape(y, expected.shape), expected))
    }
    const { value, grads } = tf.valueAndGrads(lossOf)([x, state, ...weights].map((v) => toTensor(tf, v)))
    loss = value.dataSync<'float32'>()[0]!
    gradients = grads.map((g) => g.dataSync<'float32'>().slice())
  })
  const [hidden, output, last] = forward as [Float32Array, Float32Array, Float32Array]
  return { hidden, output, state: last, loss, gradients }
}

function unroll(
  tf: TensorFlow,
  { cell, weights, bidirectional: merge }: Golden,
  form: CellForm,
  flat: readonly Tensor[],
  x: Tensor3D,
  states: Tensor2D,
): { readonly hidden: Tensor3D; readonly last: Tensor2D } {
  const names = Object.keys(arrangeChain(cell, weights.layers[0]!.forward))
  const count = weights.layers.flatMap(chainsOf).length
  const chains = Array.from({ length: count }, (_, i): LayerWeights =>
    Object.fromEntries(names.map((name, j) => [name, flat[i * names.length + j]!])),
  )
  if (merge === null) return stacked(tf, form, chains, x, states)
  const layers = weights.layers.map((_, l) => ({ forward: chains[2 * l]!, backward: chains[2 * l + 1]! }))
  return stackedBidirectional(tf, form, layers, x, states, merge)
}

/** The top layer's hidden states by single steps, as a stream takes them. `null` where a chain reads backward. */
export function stepGolden(tf: TensorFlow, golden: Golden, form: CellForm): readonly number[] | null {
  if (golden.bidirectional !== null) return null
  const hidden: number[] = []
  tf.tidy(() => {
    const layers = golden.weights.layers.map(({ forward }) => {
      const arranged = Object.entries(arrangeChain(golden.cell, forward))
      return form.prepare(tf, Object.fromEntries(arranged.map(([name, v]) => [name, toTensor(tf, v)])))
    })
    const start = toTensor(tf, arrangeStates(golden.initialState)) as Tensor2D
    const states = [...splitStates(tf, start, layers.length, form.states)]
    for (const at of tf.unstack(toTensor(tf, sequence(golden.x)))) {
      let x = at as Tensor2D
      layers.forEach((w, l) => {
        states[l] = form.step(tf, w, x, states[l]!)
        x = states[l][0]!
      })
      hidden.push(...x.dataSync())
    }
  })
  return hidden
}

function toTensor(tf: TensorFlow, { values, shape }: Values): Tensor {
  return tf.tensor(values.slice(), [...shape])
}

/** What the reference says, in the same arrangement. */
export function expectedOf(golden: Golden): Outcome {
  const { gradients } = golden
  return {
    hidden: golden.hidden.flat(2),
    output: golden.output.flat(2),
    finalState: [...arrangeStates(golden.finalState).values],
    loss: [...vector(golden.loss).values],
    weightGradients: arrangeWeights(golden.cell, gradients).map((w) => w.values),
    inputGradient: gradients.x.flat(2),
    initialStateGradient: [...arrangeStates(gradients.initialState).values],
  }
}
