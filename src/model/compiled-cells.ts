import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import type { Activation } from '../core/network-spec.js'
import { lastOf, type CellForm } from './cell.js'
import type { GruWeights } from './gru.js'
import type { LstmWeights } from './lstm.js'
import type { RnnWeights } from './rnn.js'
import { runOp } from './tensorflow.js'

/** The cells as operations of our own (native/ops): a step is one, a sequence one each way, whatever its length. */
export function compiledRnn(activation: Activation): CellForm<RnnWeights> {
  const op = activation === 'tanh' ? 'TidecastRnn' : 'TidecastReluRnn'
  return {
    states: 1,
    prepare: (_tf, weights) => weights,
    step: (tf, { kernel, bias }, x, [h]) => runOp(tf, `${op}Step`, [x, h!, kernel!, bias!]) as [Tensor2D],
    sequence(tf, { kernel, bias }, x, [h0]) {
      const unroll = tf.customGrad((...args) => {
        const [operands, save] = split(args)
        const value = runOp(tf, op, operands)[0]!
        save([operands[0]!, operands[1]!, operands[2]!, value])
        return { value, gradFunc: (dh, saved) => runOp(tf, `${op}Grad`, [...saved, dh], 4) }
      })
      const hidden = unroll(x, h0!, kernel, bias) as Tensor3D
      return { hidden, states: [hidden], last: [lastOf(tf, hidden)] }
    },
  }
}

export const compiledLstm: CellForm<LstmWeights> = {
  states: 2,
  prepare: (_tf, weights) => weights,
  step: (tf, { kernel, bias }, x, [h, c]) =>
    runOp(tf, 'TidecastLstmStep', [x, h!, c!, kernel!, bias!], 2) as [Tensor2D, Tensor2D],
  sequence(tf, { kernel, bias }, x, [h0, c0]) {
    const steps = x.shape[0]
    const unroll = tf.customGrad((...args) => {
      const [operands, save] = split(args)
      const [value, gates] = runOp(tf, 'TidecastLstm', operands, 2) as [Tensor3D, Tensor3D]
      save([...operands.slice(0, 4), value, gates])
      return { value, gradFunc: (dy, saved) => runOp(tf, 'TidecastLstmGrad', [...saved, dy], 5) }
    })
    // Every h, then every C, since a function with a gradient has but one result: [2 · steps, batch, hidden].
    const both = unroll(x, h0!, c0!, kernel, bias) as Tensor3D
    const hidden = tf.slice(both, 0, steps)
    const last = [lastOf(tf, hidden), lastOf(tf, both)]
    // C after every step is hardly ever asked for.
    return {
      hidden,
      last,
      get states() {
        return [hidden, tf.slice(both, steps, steps)]
      },
    }
  },
}

export const compiledGru: CellForm<GruWeights> = {
  states: 1,
  prepare: (_tf, weights) => weights,
  step: (tf, weights, x, [h]) => runOp(tf, 'TidecastGruStep', [x, h!, ...gruWeights(weights)]) as [Tensor2D],
  sequence(tf, weights, x, [h0]) {
    const unroll = tf.customGrad((...args) => {
      const [operands, save] = split(args)
      const [value, ...kept] = runOp(tf, 'TidecastGru', operands, 3) as [Tensor3D, ...Tensor3D[]]
      save([...operands, value, ...kept])
      return { value, gradFunc: (dh, saved) => runOp(tf, 'TidecastGruGrad', [...saved, dh], 6) }
    })
    const hidden = unroll(x, h0!, ...gruWeights(weights)) as Tensor3D
    return { hidden, states: [hidden], last: [lastOf(tf, hidden)] }
  },
}

function gruWeights(weights: Readonly<Record<string, Tensor>>): [Tensor, Tensor, Tensor, Tensor] {
  const { gates, gatesBias, candidate, candidateBias } = weights
  return [gates as Tensor2D, gatesBias as Tensor1D, candidate as Tensor2D, candidateBias as Tensor1D]
}

/** What a function with a gradient is called with: its operands, and last the function that keeps tensors for the gradient. */
function split(args: readonly unknown[]): [Tensor[], (tensors: Tensor[]) => void] {
  return [args.slice(0, -1) as Tensor[], args.at(-1) as (tensors: Tensor[]) => void]
}
