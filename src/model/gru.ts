import type { Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import { fusedGruSequence } from './gru-fused.js'
import type { TensorFlow } from './tensorflow.js'

/** Weights of one layer; the kernels act on the row [x, h]. */
export interface GruWeights {
  /** [inputs + hidden, 2 · hidden]: reset gate r, then update gate z. */
  readonly gates: Tensor2D
  /** [2 · hidden] */
  readonly gatesBias: Tensor1D
  /** [inputs + hidden, hidden] */
  readonly candidate: Tensor2D
  /** [hidden] */
  readonly candidateBias: Tensor1D
}

/**
 * One step of the cell in plain operations; x [batch, inputs], h [batch, hidden]:
 * z = σ(W_z·[h, x] + b_z) · r = σ(W_r·[h, x] + b_r) · h̃ = tanh(W_h·[r ⊙ h, x] + b_h) · h′ = (1 − z) ⊙ h + z ⊙ h̃
 */
export function gruStep(tf: TensorFlow, w: GruWeights, x: Tensor2D, h: Tensor2D): Tensor2D {
  const gates = tf.sigmoid(tf.add(tf.matMul(tf.concat([x, h], 1), w.gates), w.gatesBias)) // [batch, 2·hidden]
  const [r, z] = tf.split(gates, 2, 1) as [Tensor2D, Tensor2D] // each [batch, hidden]
  const rh = tf.mul(r, h) as Tensor2D // the reset gate acts before the matrix product
  const candidate = tf.tanh(tf.add(tf.matMul(tf.concat([x, rh], 1), w.candidate), w.candidateBias))
  return tf.add(h, tf.mul(z, tf.sub(candidate, h))) // (1 − z) ⊙ h + z ⊙ h̃
}

/** Unrolls the cell over x [steps, batch, inputs] from h0 [batch, hidden]; result [steps, batch, hidden]. */
function plainGruSequence(tf: TensorFlow, w: GruWeights, x: Tensor3D, h0: Tensor2D): Tensor3D {
  let h = h0
  const states = tf.unstack(x).map((step) => (h = gruStep(tf, w, step as Tensor2D, h)))
  return tf.stack(states) as Tensor3D
}

export type GruSequence = (tf: TensorFlow, w: GruWeights, x: Tensor3D, h0: Tensor2D) => Tensor3D

/** Back-propagation through time needs the unrolled form; both have the same value and gradients. */
export function gruSequence(fused: boolean): GruSequence {
  return fused ? fusedGruSequence : plainGruSequence
}

/** Stacked layers: h^(l) = GRU(h^(l−1)), h^(0) = x. States [batch, layers · hidden]. */
export function stackedGru(
  tf: TensorFlow,
  layers: readonly GruWeights[],
  x: Tensor3D,
  states: Tensor2D,
  fused: boolean,
): { readonly hidden: Tensor3D; readonly last: Tensor2D } {
  const run = gruSequence(fused)
  const [batch, width] = states.shape
  const size = width / layers.length
  const last: Tensor2D[] = []
  let hidden = x
  layers.forEach((w, l) => {
    hidden = run(tf, w, hidden, tf.slice(states, [0, l * size], [batch, size]))
    last.push(tf.squeeze(tf.slice(hidden, hidden.shape[0] - 1, 1), [0]))
  })
  return { hidden, last: tf.concat(last, 1) }
}
