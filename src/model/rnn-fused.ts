import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import type { Activation } from '../core/network-spec.js'
import { lastOf, type Unrolled } from './cell.js'
import type { RnnWeights } from './rnn.js'
import { runOp, type TensorFlow } from './tensorflow.js'

/** act([x, h]·W + b), straight to the binding: TensorFlow has no single operation for this cell. */
export function fusedRnnStep(
  tf: TensorFlow,
  activation: Activation,
  w: RnnWeights,
  x: Tensor2D,
  h: Tensor2D,
): Tensor2D {
  const product = runOp(tf, 'MatMul', [tf.concat([x, h], 1), w.kernel])[0]!
  return activate(tf, activation, runOp(tf, 'BiasAdd', [product, w.bias])[0]!)
}

function activate(tf: TensorFlow, activation: Activation, a: Tensor): Tensor2D {
  return runOp(tf, activation === 'tanh' ? 'Tanh' : 'Relu', [a])[0] as Tensor2D
}

/** ∂L/∂a from ∂L/∂h and h = act(a): both derivatives can be told from h alone. */
function activationGradient(tf: TensorFlow, activation: Activation, h: Tensor, dh: Tensor): Tensor2D {
  const [made] = activation === 'tanh' ? runOp(tf, 'TanhGrad', [h, dh]) : runOp(tf, 'ReluGrad', [dh, h])
  return made as Tensor2D
}

type Operands = readonly [Tensor3D, Tensor2D, Tensor2D, Tensor1D]

/**
 * The unrolled sequence: what x contributes as one product over all steps, three operations per step forward and three
 * backward, the weight gradients as products over all steps at the end.
 */
export function fusedRnnSequence(
  tf: TensorFlow,
  activation: Activation,
  weights: RnnWeights,
  x: Tensor3D,
  h0: Tensor2D,
): Unrolled {
  const run = tf.customGrad((...args) => {
    const save = args.pop() as unknown as (tensors: Tensor[]) => void
    const [x, h0, kernel, bias] = args as unknown as Operands
    const { input, recurrent } = parts(tf, kernel, x.shape[2])
    const [steps, batch] = x.shape
    const fromInput = tf.add(tf.matMul(rowsOf(tf, x), input), bias) // [steps·batch, hidden]
    let h = h0
    const states = tf.unstack(tf.reshape(fromInput, [steps, batch, h0.shape[1]])).map((at) => {
      const a = runOp(tf, 'AddV2', [at, runOp(tf, 'MatMul', [h, recurrent])[0]!])[0]!
      return (h = activate(tf, activation, a))
    })
    save([x, h0, kernel, ...states])
    return { value: tf.stack(states), gradFunc: (dy, saved) => backward(tf, activation, dy, saved) }
  })
  const hidden = run(x, h0, weights.kernel, weights.bias) as Tensor3D
  return { hidden, last: [lastOf(tf, hidden)] }
}

/** From dy [steps, batch, hidden] to the gradients of all operands. */
function backward(tf: TensorFlow, activation: Activation, dy: Tensor, saved: Tensor[]): Tensor[] {
  const [x, h0, kernel, ...states] = saved as [Tensor3D, Tensor2D, Tensor2D, ...Tensor2D[]]
  const { input, recurrent } = parts(tf, kernel, x.shape[2])
  const transposed = tf.transpose(recurrent)
  const dys = tf.unstack(dy)
  const dA: Tensor2D[] = []
  let carried: Tensor = tf.zerosLike(h0) // ∂L/∂h_t by way of later steps
  for (let t = states.length - 1; t >= 0; t--) {
    const dh = runOp(tf, 'AddV2', [dys[t]!, carried])[0]!
    dA[t] = activationGradient(tf, activation, states[t]!, dh)
    carried = runOp(tf, 'MatMul', [dA[t]!, transposed])[0]! // ∂L/∂h_{t−1} = W_hhᵀ ∂L/∂a_t
  }
  const all = tf.concat(dA, 0) // [steps·batch, hidden]
  const before = tf.concat([h0, ...states.slice(0, -1)], 0) // h_{t−1}, [steps·batch, hidden]
  return [
    tf.reshape(tf.matMul(all, input, false, true), x.shape),
    carried,
    tf.matMul(tf.concat([rowsOf(tf, x), before], 1), all, true), // [x, h]ᵀ · dA
    tf.sum(all, 0),
  ]
}

function parts(tf: TensorFlow, kernel: Tensor2D, inputs: number): { input: Tensor2D; recurrent: Tensor2D } {
  const [rows, hidden] = kernel.shape
  return {
    input: tf.slice(kernel, [0, 0], [inputs, hidden]),
    recurrent: tf.slice(kernel, [inputs, 0], [rows - inputs, hidden]),
  }
}

/** [steps, batch, inputs] as [steps·batch, inputs]. */
function rowsOf(tf: TensorFlow, x: Tensor3D): Tensor2D {
  return tf.reshape(x, [-1, x.shape[2]])
}
