import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { plainForm, type Cell } from './cell.js'
import { compiledGru } from './compiled-cells.js'
import { fusedGruSequence, fusedGruStep, negateUpdateGate } from './gru-fused.js'

/** Weights of one layer; the kernels act on the row [x, h]. */
export type GruWeights = {
  /** [inputs + hidden, 2 · hidden]: reset gate r, then update gate z. */
  readonly gates: Tensor2D
  /** [2 · hidden] */
  readonly gatesBias: Tensor1D
  /** [inputs + hidden, hidden] */
  readonly candidate: Tensor2D
  /** [hidden] */
  readonly candidateBias: Tensor1D
}

/** z = σ(W_z·[h, x] + b_z) · r = σ(W_r·[h, x] + b_r) · h̃ = tanh(W_h·[r ⊙ h, x] + b_h) · h′ = (1 − z) ⊙ h + z ⊙ h̃ */
export const gruCell: Cell<GruWeights> = {
  shapes: (inputs, hidden) => ({
    gates: [inputs + hidden, 2 * hidden],
    gatesBias: [2 * hidden],
    candidate: [inputs + hidden, hidden],
    candidateBias: [hidden],
  }),
  plain: plainForm<GruWeights>(1, (tf, w, x, state) => {
    const h = state[0]!
    const gates = tf.sigmoid(tf.add(tf.matMul(tf.concat([x, h], 1), w.gates), w.gatesBias)) // [batch, 2·hidden]
    const [r, z] = tf.split(gates, 2, 1) as [Tensor2D, Tensor2D] // each [batch, hidden]
    const rh = tf.mul(r, h) as Tensor2D // the reset gate acts before the matrix product
    const candidate = tf.tanh(tf.add(tf.matMul(tf.concat([x, rh], 1), w.candidate), w.candidateBias))
    return [tf.add(h, tf.mul(z, tf.sub(candidate, h))) as Tensor2D] // (1 − z) ⊙ h + z ⊙ h̃
  }),
  fused: {
    states: 1,
    prepare: (tf, w) => ({
      ...w,
      gates: negateUpdateGate(tf, w.gates),
      gatesBias: negateUpdateGate(tf, w.gatesBias),
    }),
    step: (tf, w, x, state) => [fusedGruStep(tf, w as GruWeights, x, state[0]!)],
    sequence: fusedGruSequence,
  },
  compiled: compiledGru,
}
