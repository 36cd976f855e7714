import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { runOp, type TensorFlow } from './tensorflow.js'

/** The handful of operations that the forecasts of a step consist of. */
export interface Kernels {
  matMul(a: Tensor, b: Tensor): Tensor
  /** Broadcasts. */
  add(a: Tensor, b: Tensor): Tensor
  gather(table: Tensor, rows: Tensor1D): Tensor
  relu(a: Tensor): Tensor
}

export function kernels(tf: TensorFlow, fused: boolean): Kernels {
  return fused ? directKernels(tf) : plainKernels(tf)
}

/** Straight to the binding: the library's own wrappers cost more than the operations on small waves. */
function directKernels(tf: TensorFlow): Kernels {
  const run = (op: string, ...inputs: Tensor[]): Tensor => runOp(tf, op, inputs)[0]!
  return {
    matMul: (a, b) => run('MatMul', a, b),
    add: (a, b) => run('AddV2', a, b),
    gather: (table, rows) => run('Gather', table, rows),
    relu: (a) => run('Relu', a),
  }
}

function plainKernels(tf: TensorFlow): Kernels {
  return {
    matMul: (a, b) => tf.matMul(a as Tensor2D, b as Tensor2D),
    add: (a, b) => tf.add(a, b),
    gather: (table, rows) => tf.gather(table, rows),
    relu: (a) => tf.relu(a),
  }
}
