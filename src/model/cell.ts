import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import type { TensorFlow } from './tensorflow.js'

/** The weight arrays of one layer, by name. Kernels act on the row [x, h]. */
export type LayerWeights = Readonly<Record<string, Tensor>>

/** What a layer carries from step to step, each [batch, hidden]: h, and with the LSTM after it C. */
export type CellState = readonly Tensor2D[]

export interface Unrolled {
  /** h after every step, [steps, batch, hidden] */
  readonly hidden: Tensor3D
  /** All that is carried, after every step: `hidden`, and with the LSTM C likewise. */
  readonly states: readonly Tensor3D[]
  readonly last: CellState
}

/** A cell's equations in one of their forms; all forms have the same values and gradients. */
export interface CellForm<W extends LayerWeights = LayerWeights> {
  /** Tensors in a state. */
  readonly states: 1 | 2
  /** Weights as `step` wants them. */
  prepare(tf: TensorFlow, weights: W): LayerWeights
  /** One step without a gradient; x [batch, inputs]. `weights` are prepared. */
  step(tf: TensorFlow, weights: LayerWeights, x: Tensor2D, state: CellState): CellState
  /** Unrolled over x [steps, batch, inputs], with the gradient of everything: back-propagation through time. */
  sequence(tf: TensorFlow, weights: W, x: Tensor3D, state: CellState): Unrolled
}

export interface Cell<W extends LayerWeights = LayerWeights> {
  /** Shapes of a layer's weights, in the order in which they are stored. */
  shapes(inputs: number, hidden: number): Readonly<Record<keyof W & string, readonly number[]>>
  /** Of any backend's operations. */
  readonly plain: CellForm<W>
  /** Of TensorFlow's own recurrent operations. */
  readonly fused: CellForm<W>
  /** Of operations of our own, compiled with TensorFlow's binding. */
  readonly compiled: CellForm<W>
}

/** The plain form follows from the equations of one step. */
export function plainForm<W extends LayerWeights>(
  states: 1 | 2,
  step: (tf: TensorFlow, weights: W, x: Tensor2D, state: CellState) => CellState,
): CellForm<W> {
  return {
    states,
    prepare: (_tf, weights) => weights,
    step: (tf, weights, x, state) => step(tf, weights as W, x, state),
    sequence(tf, weights, x, state) {
      let last = state
      // The library's gradient of `unstack` fails where there is but one part.
      const inputs = x.shape[0] === 1 ? [tf.squeeze(x, [0])] : tf.unstack(x)
      const all = inputs.map((at) => (last = step(tf, weights, at as Tensor2D, last)))
      const parts = last.map((_, i) => tf.stack(all.map((at) => at[i]!)) as Tensor3D)
      return { hidden: parts[0]!, states: parts, last }
    },
  }
}

/** The last row of h [steps, batch, hidden]. */
export function lastOf(tf: TensorFlow, hidden: Tensor3D): Tensor2D {
  return tf.squeeze(tf.slice(hidden, hidden.shape[0] - 1, 1), [0])
}
