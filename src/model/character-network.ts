import type { Rank, Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { STATES } from '../core/network-spec.js'
import type { CellState, LayerWeights } from './cell.js'
import { cellForm, cellOf, type CellChoice } from './cells.js'
import { cut, layerOf, layOut, type WeightLayout } from './flat-weights.js'
import { glorot, initialiseCell } from './initial-cell.js'
import { crossEntropy } from './loss.js'
import type { Random } from './random.js'
import { stacked } from './stack.js'
import type { TensorFlow } from './tensorflow.js'

const EMBEDDING = 16
const LAYERS = 2
const HIDDEN = 32

export interface CharacterSpec extends CellChoice {
  /** Size of the vocabulary. */
  readonly symbols: number
}

export interface CharacterWeights {
  /** [symbols, EMBEDDING] */
  readonly embedding: Tensor2D
  readonly layers: readonly LayerWeights[]
  /** W_hy [HIDDEN, symbols] */
  readonly output: Tensor2D
  /** b_y [symbols] */
  readonly outputBias: Tensor1D
}

export function characterLayout(spec: CharacterSpec): WeightLayout {
  const layers = Array.from({ length: LAYERS }, (_, l) => {
    const shapes = cellOf(spec).shapes(l === 0 ? EMBEDDING : HIDDEN, HIDDEN)
    return Object.entries(shapes).map(([name, shape]) => [`layer${l}.${name}`, shape] as const)
  })
  return layOut([
    ['embedding', [spec.symbols, EMBEDDING]],
    ...layers.flat(),
    ['output', [HIDDEN, spec.symbols]],
    ['outputBias', [spec.symbols]],
  ])
}

/** Standard normal embeddings; Glorot output weights; the cells' own initial weights. */
export function initialCharacterWeights(spec: CharacterSpec, random: Random): Float32Array {
  const { entries, size } = characterLayout(spec)
  const weights = new Float32Array(size)
  for (const { name, shape, offset, size } of entries) {
    const view = weights.subarray(offset, offset + size)
    if (name === 'embedding') for (let i = 0; i < size; i++) view[i] = random.normal()
    else if (name === 'output') glorot(view, shape, random)
    else if (name !== 'outputBias') {
      initialiseCell(spec.cell, { name: name.replace(/^layer\d+\./, ''), shape }, view, HIDDEN, random)
    }
  }
  return weights
}

export function unpackCharacters(tf: TensorFlow, spec: CharacterSpec, flat: Tensor1D): CharacterWeights {
  const arrays = cut(tf, characterLayout(spec), flat)
  return {
    embedding: arrays.get('embedding') as Tensor2D,
    layers: Array.from({ length: LAYERS }, (_, l) => layerOf(arrays, `layer${l}.`)),
    output: arrays.get('output') as Tensor2D,
    outputBias: arrays.get('outputBias') as Tensor1D,
  }
}

/** Rows of the embedding, [symbols given, EMBEDDING]. */
export function embed(tf: TensorFlow, w: CharacterWeights, symbols: Int32Array): Tensor2D {
  return tf.gather(w.embedding, tf.tensor1d(symbols.slice(), 'int32'))
}

/** y_t = W_hy h_t + b_y, from h [N, HIDDEN]. */
export function logitsOf(tf: TensorFlow, w: CharacterWeights, h: Tensor2D): Tensor2D {
  return tf.add(tf.matMul(h, w.output), w.outputBias)
}

/** State of a sequence that has not begun. */
export function zeroStates(tf: TensorFlow, spec: CharacterSpec): CellState[] {
  return Array.from({ length: LAYERS }, () =>
    Array.from({ length: STATES[spec.cell] }, () => tf.zeros<Rank.R2>([1, HIDDEN])),
  )
}

/** Cross-entropy of each next symbol, averaged over positions, from zero state; and its gradient. */
export function characterGradient(
  tf: TensorFlow,
  fused: boolean,
  spec: CharacterSpec,
  weights: Float32Array,
  input: Int32Array,
  target: Int32Array,
): { readonly loss: number; readonly gradient: Float32Array } {
  let loss = NaN
  let gradient = new Float32Array()
  tf.tidy(() => {
    const lossOf = (flat: Tensor): Scalar => {
      const w = unpackCharacters(tf, spec, flat as Tensor1D)
      const x = tf.reshape<Rank.R3>(embed(tf, w, input), [input.length, 1, EMBEDDING])
      const zero = tf.zeros<Rank.R2>([1, LAYERS * STATES[spec.cell] * HIDDEN])
      const { hidden } = stacked(tf, cellForm(spec, fused), w.layers, x, zero)
      const h = tf.reshape<Rank.R2>(hidden, [input.length, HIDDEN])
      return crossEntropy(tf, logitsOf(tf, w, h), tf.tensor1d(target.slice(), 'int32'))
    }
    const { value, grad } = tf.valueAndGrad(lossOf)(tf.tensor1d(weights.slice()))
    loss = value.dataSync<'float32'>()[0]!
    gradient = grad.dataSync<'float32'>().slice()
  })
  return { loss, gradient }
}
