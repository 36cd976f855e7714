import type { Rank, Scalar, Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import { STATES } from '../core/network-spec.js'
import { stackedBidirectional, type Merge } from './bidirectional.js'
import { cellForm, cellOf, type CellChoice } from './cells.js'
import { cut, layerOf, layOut, type WeightLayout } from './flat-weights.js'
import { SPREAD_OFFSET } from './head.js'
import { initialiseCell } from './initial-cell.js'
import { pinballLoss } from './loss.js'
import { Random } from './random.js'
import type { TensorFlow } from './tensorflow.js'

/** One bidirectional layer over a window, and a linear readout at each of its steps. */
export interface ImputationSpec extends CellChoice {
  readonly merge: Merge
  /** Of each of the two chains. */
  readonly hidden: number
  /** Numbers per step that the chains read. */
  readonly inputs: number
  /** Simple estimates per step that the readout mixes. */
  readonly candidates: number
  /** Ascending, odd in number, symmetric around 0.5. */
  readonly quantiles: readonly number[]
}

/** T steps of B windows. */
export interface WindowBatch {
  readonly steps: number
  readonly windows: number
  /** [T, B, inputs] */
  readonly inputs: Float32Array
  /** [T, B, candidates], in the unit of the targets */
  readonly candidates: Float32Array
}

/** A batch with what was hidden from it. */
export interface HiddenBatch extends WindowBatch {
  /** [T, B] */
  readonly targets: Float32Array
  /** [T, B] 1 where a value was hidden and is known */
  readonly mask: Float32Array
}

export function imputationLayout(spec: ImputationSpec): WeightLayout {
  const chain = (name: string): (readonly [string, readonly number[]])[] =>
    Object.entries(cellOf(spec).shapes(spec.inputs, spec.hidden)).map(([part, shape]) => [
      `${name}.${part}`,
      shape,
    ])
  const outputs = spec.quantiles.length + spec.candidates
  return layOut([
    ...chain('forward'),
    ...chain('backward'),
    ['output', [spec.merge === 'concat' ? 2 * spec.hidden : spec.hidden, outputs]],
    ['outputBias', [outputs]],
  ])
}

/** The cells' own initial weights; zero output weights, so that it starts as the mean of the candidates. */
export function initialImputationWeights(spec: ImputationSpec, seed: number): Float32Array {
  const { entries, size } = imputationLayout(spec)
  const weights = new Float32Array(size)
  const random = new Random(seed)
  for (const { name, shape, offset, size: length } of entries) {
    const view = weights.subarray(offset, offset + length)
    const part = /^(?:forward|backward)\.(\w+)$/.exec(name)
    if (part !== null) initialiseCell(spec.cell, { name: part[1]!, shape }, view, spec.hidden, random)
  }
  return weights
}

/**
 * Quantiles [T, B, Q] of every step's value: y_t = W_hy [→h_t ; ←h_t] + b_y holds one number per quantile and one gate per
 * candidate c. median = y_mid + softmax(gates)·c; each outer quantile lies a softplus(y − 0.5) beyond its inner neighbour,
 * so that they cannot cross.
 */
function windowQuantiles(
  tf: TensorFlow,
  fused: boolean,
  spec: ImputationSpec,
  flat: Tensor1D,
  batch: WindowBatch,
): Tensor3D {
  const { steps: T, windows: B } = batch
  const { hidden, candidates: M } = spec
  const Q = spec.quantiles.length
  const arrays = cut(tf, imputationLayout(spec), flat)
  const layer = { forward: layerOf(arrays, 'forward.'), backward: layerOf(arrays, 'backward.') }
  const x = tf.tensor3d(batch.inputs, [T, B, spec.inputs])
  const zero = tf.zeros<Rank.R2>([B, 2 * STATES[spec.cell] * hidden])
  const merged = stackedBidirectional(tf, cellForm(spec, fused), [layer], x, zero, spec.merge).hidden
  const rows = tf.reshape<Rank.R2>(merged, [T * B, merged.shape[2]])
  const y = tf.add(tf.matMul(rows, arrays.get('output') as Tensor2D), arrays.get('outputBias')!)
  const [values, gates] = tf.split(y, [Q, M], 1) as [Tensor2D, Tensor2D]
  const mixed = tf.mul(tf.softmax(gates), tf.tensor2d(batch.candidates, [T * B, M]))
  // A copy of the list: the gradient tape holds on to the one that split returned.
  const columns = [...tf.split(values, Q, 1)] as Tensor2D[]
  const middle = (Q - 1) / 2
  columns[middle] = tf.add(columns[middle]!, tf.sum(mixed, 1, true))
  for (let d = 1; d <= middle; d++) {
    const spread = (q: number): Tensor2D => tf.softplus(tf.sub(columns[q]!, SPREAD_OFFSET))
    columns[middle - d] = tf.sub(columns[middle - d + 1]!, spread(middle - d))
    columns[middle + d] = tf.add(columns[middle + d - 1]!, spread(middle + d))
  }
  return tf.reshape<Rank.R3>(tf.concat(columns, 1), [T, B, Q])
}

/** Mean pinball loss over what was hidden, and its gradient. */
export function imputationGradient(
  tf: TensorFlow,
  fused: boolean,
  spec: ImputationSpec,
  weights: Float32Array,
  batch: HiddenBatch,
): { readonly loss: number; readonly gradient: Float32Array } {
  const shape: [number, number] = [batch.steps, batch.windows]
  const [value, grad] = tf.tidy(() => {
    const lossOf = (flat: Tensor): Scalar => {
      const quantiles = windowQuantiles(tf, fused, spec, flat as Tensor1D, batch)
      const target = tf.tensor2d(batch.targets, shape)
      return pinballLoss(tf, spec.quantiles, quantiles, target, tf.tensor2d(batch.mask, shape))
    }
    // A copy, as the backend may go on reading the array while the optimizer changes it.
    const result = tf.valueAndGrad(lossOf)(tf.tensor1d(weights.slice()))
    return [result.value, result.grad]
  }) as [Scalar, Tensor1D]
  const loss = value.dataSync<'float32'>()[0]!
  const gradient = grad.dataSync<'float32'>().slice()
  tf.dispose([value, grad])
  return { loss, gradient }
}

/** Quantiles of every step, [T, B, Q]. */
export function imputeWindows(
  tf: TensorFlow,
  fused: boolean,
  spec: ImputationSpec,
  weights: Float32Array,
  batch: WindowBatch,
): Float32Array {
  const quantiles = tf.tidy(() => windowQuantiles(tf, fused, spec, tf.tensor1d(weights.slice()), batch))
  const result = quantiles.dataSync<'float32'>().slice()
  quantiles.dispose()
  return result
}
