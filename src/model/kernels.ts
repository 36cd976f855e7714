import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { fusedGruStep, negateUpdateGate } from './gru-fused.js'
import { gruStep, type GruWeights } from './gru.js'
import { runOp, type TensorFlow } from './tensorflow.js'

/** The handful of operations that a step and its forecasts consist of. */
export interface Kernels {
  /** Weights as `gru` wants them. */
  prepare(weights: GruWeights): GruWeights
  gru(weights: GruWeights, x: Tensor2D, h: Tensor2D): Tensor2D
  matMul(a: Tensor, b: Tensor): Tensor
  /** Broadcasts. */
  add(a: Tensor, b: Tensor): Tensor
  gather(table: Tensor, rows: Tensor1D): Tensor
  relu(a: Tensor): Tensor
}

/** Which form runs is decided here: TensorFlow's own ops where there are such, else plain operations of any backend. */
export function kernels(tf: TensorFlow, fused: boolean): Kernels {
  return fused ? fusedKernels(tf) : plainKernels(tf)
}

/** Straight to the binding: the library's own wrappers cost more than the operations on small waves. */
function fusedKernels(tf: TensorFlow): Kernels {
  const run = (op: string, ...inputs: Tensor[]): Tensor => runOp(tf, op, inputs)[0]!
  return {
    prepare: (w) => ({
      ...w,
      gates: negateUpdateGate(tf, w.gates),
      gatesBias: negateUpdateGate(tf, w.gatesBias),
    }),
    gru: (w, x, h) => fusedGruStep(tf, w, x, h)[3],
    matMul: (a, b) => run('MatMul', a, b),
    add: (a, b) => run('AddV2', a, b),
    gather: (table, rows) => run('Gather', table, rows),
    relu: (a) => run('Relu', a),
  }
}

function plainKernels(tf: TensorFlow): Kernels {
  return {
    prepare: (w) => w,
    gru: (w, x, h) => gruStep(tf, w, x, h),
    matMul: (a, b) => tf.matMul(a as Tensor2D, b as Tensor2D),
    add: (a, b) => tf.add(a, b),
    gather: (table, rows) => tf.gather(table, rows),
    relu: (a) => tf.relu(a),
  }
}
