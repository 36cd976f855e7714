import type { Rank, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import { STATES } from '../core/network-spec.js'
import type { CellState, LayerWeights } from './cell.js'
import { cellForm, cellOf, type CellChoice } from './cells.js'
import { cut, layerOf, layOut, type WeightLayout } from './flat-weights.js'
import { glorot, initialiseCell } from './initial-cell.js'
import type { Random } from './random.js'
import { stacked, type StackOptions } from './stack.js'
import type { TensorFlow } from './tensorflow.js'

/** A network from tokens to the next token: embedding, recurrent stack, softmax. */
export interface TokenSpec extends CellChoice {
  /** Size of the vocabulary. */
  readonly tokens: number
  /** Width of a token's embedding. */
  readonly embedding: number
  readonly layers: number
  readonly hidden: number
  /** The input of each layer but the first is added to its output. Absent: not. */
  readonly residual?: boolean
}

export interface TokenWeights {
  /** [tokens, embedding] */
  readonly embedding: Tensor2D
  readonly layers: readonly LayerWeights[]
  /** W_hy [hidden, tokens] */
  readonly output: Tensor2D
  /** b_y [tokens] */
  readonly outputBias: Tensor1D
}

export function tokenLayout(spec: TokenSpec): WeightLayout {
  const { embedding, hidden, tokens } = spec
  const layers = Array.from({ length: spec.layers }, (_, l) => {
    const shapes = cellOf(spec).shapes(l === 0 ? embedding : hidden, hidden)
    return Object.entries(shapes).map(([name, shape]) => [`layer${l}.${name}`, shape] as const)
  })
  return layOut([
    ['embedding', [tokens, embedding]],
    ...layers.flat(),
    ['output', [hidden, tokens]],
    ['outputBias', [tokens]],
  ])
}

/** Standard normal embeddings; Glorot output weights; the cells' own initial weights. */
export function initialTokenWeights(spec: TokenSpec, random: Random): Float32Array {
  const { entries, size } = tokenLayout(spec)
  const weights = new Float32Array(size)
  for (const { name, shape, offset, size } of entries) {
    const view = weights.subarray(offset, offset + size)
    if (name === 'embedding') for (let i = 0; i < size; i++) view[i] = random.normal()
    else if (name === 'output') glorot(view, shape, random)
    else if (name !== 'outputBias') {
      initialiseCell(spec.cell, { name: name.replace(/^layer\d+\./, ''), shape }, view, spec.hidden, random)
    }
  }
  return weights
}

export function unpackTokens(tf: TensorFlow, spec: TokenSpec, flat: Tensor1D): TokenWeights {
  const arrays = cut(tf, tokenLayout(spec), flat)
  return {
    embedding: arrays.get('embedding') as Tensor2D,
    layers: Array.from({ length: spec.layers }, (_, l) => layerOf(arrays, `layer${l}.`)),
    output: arrays.get('output') as Tensor2D,
    outputBias: arrays.get('outputBias') as Tensor1D,
  }
}

/** Rows of the embedding, [tokens given, embedding]. */
export function embed(tf: TensorFlow, w: TokenWeights, tokens: Int32Array): Tensor2D {
  return tf.gather(w.embedding, tf.tensor1d(tokens.slice(), 'int32'))
}

/** y_t = W_hy h_t + b_y, from h [N, hidden]. */
export function logitsOf(tf: TensorFlow, w: TokenWeights, h: Tensor2D): Tensor2D {
  return tf.add(tf.matMul(h, w.output), w.outputBias)
}

/** State of a sequence that has not begun. */
export function zeroStates(tf: TensorFlow, spec: TokenSpec): CellState[] {
  return Array.from({ length: spec.layers }, () =>
    Array.from({ length: STATES[spec.cell] }, () => tf.zeros<Rank.R2>([1, spec.hidden])),
  )
}

/** Tokens [steps, streams], each the input of its step, and what is unrolled from them. */
export interface TokenBatch {
  readonly steps: number
  readonly streams: number
  readonly inputs: Int32Array
}

/** h above the top layer [steps · streams, hidden] after each token, and the states after the last step, from `start` [streams, stateSize]. */
export function unrollTokens(
  tf: TensorFlow,
  fused: boolean,
  spec: TokenSpec,
  w: TokenWeights,
  { steps, streams, inputs }: TokenBatch,
  start: Tensor2D,
  options: StackOptions = {},
): { readonly hidden: Tensor2D; readonly last: Tensor2D } {
  const x: Tensor3D = tf.reshape(embed(tf, w, inputs), [steps, streams, spec.embedding])
  const residual = spec.residual ?? false
  const { hidden, last } = stacked(tf, cellForm(spec, fused), w.layers, x, start, { residual, ...options })
  return { hidden: tf.reshape(hidden, [steps * streams, spec.hidden]), last }
}
