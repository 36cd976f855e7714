import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import type { LayerWeights } from './cell.js'
import type { CellChoice } from './cells.js'
import type { TensorFlow } from './tensorflow.js'

/** σ(a) is below 0.05 or above 0.95 where |a| is above this: there it passes a fifth of its best gradient, or less. */
const SATURATED_GATE = Math.log(19)
/** tanh′ is below 0.1 there. */
const SATURATED_TANH = 0.95

/** What a layer's nonlinearities did over a batch. */
export interface Activity {
  /** Share of gate activations below 0.05 or above 0.95; of a vanilla layer's |h| above 0.95. `null` with ReLU, which has no such end. */
  readonly saturated: number | null
  /** Share of ReLU units that were 0 at every step of every sequence, so that nothing can teach them. `null` without ReLU. */
  readonly dead: number | null
}

/**
 * @param x [steps, batch, inputs] what the layer read
 * @param h0 [batch, hidden]
 * @param hidden [steps, batch, hidden] its h after each step
 */
export function activity(
  tf: TensorFlow,
  { cell, activation }: CellChoice,
  weights: LayerWeights,
  x: Tensor3D,
  h0: Tensor2D,
  hidden: Tensor3D,
): Activity {
  const shareBeyond = (values: Tensor, limit: number): number =>
    tf.tidy(() => tf.mean(tf.cast(tf.greater(tf.abs(values), limit), 'float32')).dataSync()[0]!)
  if (cell !== 'rnn') {
    const gates = tf.tidy(() => gateInputs(tf, cell, weights, x, h0, hidden))
    const saturated = shareBeyond(gates, SATURATED_GATE)
    gates.dispose()
    return { saturated, dead: null }
  }
  if (activation !== 'relu') return { saturated: shareBeyond(hidden, SATURATED_TANH), dead: null }
  const alive = tf.tidy(
    () => tf.mean(tf.cast(tf.greater(tf.max(hidden, [0, 1]), 0), 'float32')).dataSync()[0]!,
  )
  return { saturated: null, dead: 1 - alive }
}

/** What goes into the gates' σ, for all steps at once: [steps · batch, gates · hidden]. */
function gateInputs(
  tf: TensorFlow,
  cell: 'lstm' | 'gru',
  weights: LayerWeights,
  x: Tensor3D,
  h0: Tensor2D,
  hidden: Tensor3D,
): Tensor2D {
  const [steps, batch, H] = hidden.shape
  const before = tf.concat([tf.expandDims<Tensor3D>(h0, 0), tf.slice(hidden, 0, steps - 1)], 0) // h_{t−1}
  const rows: Tensor2D = tf.reshape(tf.concat([x, before], 2), [steps * batch, -1])
  if (cell === 'gru') return tf.add(tf.matMul(rows, weights['gates'] as Tensor2D), weights['gatesBias']!)
  const all: Tensor2D = tf.add(tf.matMul(rows, weights['kernel'] as Tensor2D), weights['bias']!)
  const [i, f, , o] = tf.split(all, [H, H, H, H], 1) as Tensor2D[] // the third is the candidate's, a tanh
  return tf.concat([i!, f!, o!], 1)
}
