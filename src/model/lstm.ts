import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { plainForm, type Cell } from './cell.js'
import { compiledLstm } from './compiled-cells.js'
import { fusedLstmSequence, fusedLstmStep, prepareLstm } from './lstm-fused.js'

/** Weights of one layer; gates in the order input i, forget f, candidate C̃, output o. */
export type LstmWeights = {
  /** [inputs + hidden, 4 · hidden] */
  readonly kernel: Tensor2D
  /** [4 · hidden] */
  readonly bias: Tensor1D
}

/**
 * f = σ(W_f·[h, x] + b_f) · i = σ(W_i·[h, x] + b_i) · C̃ = tanh(W_C·[h, x] + b_C) · o = σ(W_o·[h, x] + b_o)
 * C′ = f ⊙ C + i ⊙ C̃ · h′ = o ⊙ tanh(C′)
 */
export const lstmCell: Cell<LstmWeights> = {
  shapes: (inputs, hidden) => ({ kernel: [inputs + hidden, 4 * hidden], bias: [4 * hidden] }),
  plain: plainForm<LstmWeights>(2, (tf, w, x, [h, c]) => {
    const gates = tf.add(tf.matMul(tf.concat([x, h!], 1), w.kernel), w.bias) // [batch, 4·hidden]
    const [i, f, candidate, o] = tf.split(gates, 4, 1) as Tensor2D[] // each [batch, hidden]
    const kept = tf.mul(tf.sigmoid(f!), c!)
    const next = tf.add(kept, tf.mul(tf.sigmoid(i!), tf.tanh(candidate!))) as Tensor2D // f ⊙ C + i ⊙ C̃
    return [tf.mul(tf.sigmoid(o!), tf.tanh(next)) as Tensor2D, next] // o ⊙ tanh(C′)
  }),
  fused: {
    states: 2,
    prepare: prepareLstm,
    step: fusedLstmStep,
    sequence: fusedLstmSequence,
  },
  compiled: compiledLstm,
}
