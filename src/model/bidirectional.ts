import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import type { CellForm, CellState, LayerWeights } from './cell.js'
import { splitStates } from './stack.js'
import type { TensorFlow } from './tensorflow.js'

export interface BidirectionalWeights {
  readonly forward: LayerWeights
  readonly backward: LayerWeights
}

/** How the two chains' states at a step become one: [→h ; ←h], or →h + ←h. */
export const MERGES = ['concat', 'sum'] as const
export type Merge = (typeof MERGES)[number]

/**
 * One chain reads the window x [steps, batch, inputs] forward, a second backward. It sees the future of its window, so it
 * can encode a window, but never be the carried state of a stream.
 */
export function bidirectional(
  tf: TensorFlow,
  form: CellForm,
  weights: BidirectionalWeights,
  x: Tensor3D,
  states: { readonly forward: CellState; readonly backward: CellState },
  merge: Merge,
): { readonly hidden: Tensor3D; readonly last: CellState } {
  const there = form.sequence(tf, weights.forward, x, states.forward)
  const back = form.sequence(tf, weights.backward, tf.reverse(x, 0), states.backward)
  const reversed = tf.reverse(back.hidden, 0) // step t of the window again, not t of the reading
  const hidden =
    merge === 'concat' ? tf.concat([there.hidden, reversed], 2) : tf.add<Tensor3D>(there.hidden, reversed)
  return { hidden, last: [...there.last, ...back.last] }
}

/** Stacked bidirectional layers: each reads the merged states of the one below. States: per layer forward, then backward. */
export function stackedBidirectional(
  tf: TensorFlow,
  form: CellForm,
  layers: readonly BidirectionalWeights[],
  x: Tensor3D,
  states: Tensor2D,
  merge: Merge,
): { readonly hidden: Tensor3D; readonly last: Tensor2D } {
  const start = splitStates(tf, states, 2 * layers.length, form.states)
  const last: Tensor2D[] = []
  let hidden = x
  layers.forEach((w, l) => {
    const from = { forward: start[2 * l]!, backward: start[2 * l + 1]! }
    const result = bidirectional(tf, form, w, hidden, from, merge)
    hidden = result.hidden
    last.push(...result.last)
  })
  return { hidden, last: tf.concat(last, 1) }
}
