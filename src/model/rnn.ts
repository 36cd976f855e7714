import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import type { Activation } from '../core/network-spec.js'
import { plainForm, type Cell } from './cell.js'
import { compiledRnn } from './compiled-cells.js'
import { fusedRnnSequence, fusedRnnStep, prepareRnn } from './rnn-fused.js'

/** Weights of one layer. */
export type RnnWeights = {
  /** W_xh over W_hh: [inputs + hidden, hidden] */
  readonly kernel: Tensor2D
  /** b_h [hidden] */
  readonly bias: Tensor1D
}

/** The vanilla cell (Elman): h′ = act(W_hh h + W_xh x + b_h), act = tanh or ReLU. */
export function rnnCell(activation: Activation): Cell<RnnWeights> {
  return {
    shapes: (inputs, hidden) => ({ kernel: [inputs + hidden, hidden], bias: [hidden] }),
    plain: plainForm<RnnWeights>(1, (tf, w, x, state) => {
      const a = tf.add(tf.matMul(tf.concat([x, state[0]!], 1), w.kernel), w.bias) // [batch, hidden]
      return [activation === 'tanh' ? tf.tanh(a) : tf.relu(a)] as [Tensor2D]
    }),
    fused: {
      states: 1,
      prepare: prepareRnn,
      step: (tf, w, x, state) => [fusedRnnStep(tf, activation, w, x, state[0]!)],
      sequence: (tf, w, x, state) => fusedRnnSequence(tf, activation, w, x, state[0]!),
    },
    compiled: compiledRnn(activation),
  }
}
