import type { Rank, Scalar, Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import type { CellForm, CellState, LayerWeights } from './cell.js'
import type { TensorFlow } from './tensorflow.js'

/**
 * How much of a gradient is left after k steps back: ‖∂h_t/∂s_{t−k}‖ / √hidden for k = 0 … lags, where s is all that the
 * cell carries (h, and with the LSTM C) and ‖·‖ is Frobenius', so that it is 1 at k = 0, and at any k for a chain of
 * orthogonal factors.
 * @param inputs [lead + lags, width]: the state first runs in from zero over the lead
 */
export function gradientFlow(
  tf: TensorFlow,
  form: CellForm,
  weights: LayerWeights,
  hidden: number,
  inputs: readonly Float32Array[],
  lags: number,
): Float64Array {
  const flow = new Float64Array(lags + 1)
  tf.tidy(() => {
    // All rows are the same state: row i carries the gradient of unit i of h_t, and together they are the Jacobian.
    const unroll = (x: Float32Array, state: CellState): CellState => {
      const row = tf.tensor3d(x.slice(), [1, 1, x.length])
      return form.sequence(tf, weights, tf.tile(row, [1, hidden, 1]) as Tensor3D, state).last
    }
    const zero = Array.from({ length: form.states }, () => tf.zeros<Rank.R2>([hidden, hidden]))
    const states: CellState[] = [zero]
    for (const x of inputs) states.push(unroll(x, states.at(-1)!))
    let jacobian: Tensor[] = [tf.eye(hidden), ...zero.slice(1)] // of h_t by h_t, and by C_t
    flow[0] = size(jacobian, hidden)
    for (let k = 1; k <= lags; k++) {
      const t = inputs.length - k
      const after = jacobian
      // ∂h_t/∂s_{t−k} = ∂h_t/∂s_{t−k+1} · ∂s_{t−k+1}/∂s_{t−k}
      const product = (...before: Tensor[]): Scalar => {
        const parts = unroll(inputs[t]!, before as Tensor2D[]).map((s, i) =>
          tf.sum<Scalar>(tf.mul(s, after[i]!)),
        )
        return tf.addN(parts)
      }
      jacobian = tf.grads(product)([...states[t]!])
      flow[k] = size(jacobian, hidden)
    }
  })
  return flow
}

/** In double precision: the squares of what has nearly vanished are too small for single. */
function size(jacobian: readonly Tensor[], hidden: number): number {
  let sum = 0
  for (const part of jacobian) for (const value of part.dataSync<'float32'>()) sum += value * value
  return Math.sqrt(sum / hidden)
}
