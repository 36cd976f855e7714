import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import type { Activation } from '../core/network-spec.js'
import { lastOf, type LayerWeights, type Unrolled } from './cell.js'
import { RawOps } from './raw-ops.js'
import type { RnnWeights } from './rnn.js'
import { runOpKeeping, type TensorFlow } from './tensorflow.js'

/** Up to so many rows one operation with three times the arithmetic is faster than four without. */
const SMALL_WAVE = 16
/** σ(±100) is 1 and 0 to the last bit. */
const FIXED_GATE = 100

/**
 * With the axis along which x and h are joined, which TensorFlow wants as a tensor, and with a GRU's gates that are fixed: r = 1
 * and u = 0 leave h′ = tanh([x, h]·W + b).
 */
export function prepareRnn(tf: TensorFlow, weights: RnnWeights): LayerWeights {
  const [rows, hidden] = weights.kernel.shape
  const fixed = Float32Array.from({ length: 2 * hidden }, (_, i) => (i < hidden ? FIXED_GATE : -FIXED_GATE))
  const gates = { gates: tf.zeros([rows, 2 * hidden]), gatesBias: tf.tensor1d(fixed) }
  return { ...weights, ...gates, axis: tf.scalar(1, 'int32') }
}

/** act([x, h]·W + b): TensorFlow has no single operation for this cell, but with tanh a GRU's can stand in for it. */
export function fusedRnnStep(
  tf: TensorFlow,
  activation: Activation,
  weights: LayerWeights,
  x: Tensor2D,
  h: Tensor2D,
): Tensor2D {
  const { kernel, bias, axis, gates, gatesBias } = weights as Record<
    'kernel' | 'bias' | 'axis' | 'gates' | 'gatesBias',
    Tensor
  >
  if (activation === 'tanh' && x.shape[0] <= SMALL_WAVE) {
    const [next] = runOpKeeping(tf, 'GRUBlockCell', [x, h, gates, kernel, gatesBias, bias], [3], 4) // r, u, h̃, h′
    return next as Tensor2D
  }
  const raw = new RawOps(tf)
  try {
    const joined = raw.join(raw.of(x), raw.of(h), raw.of(axis))
    const a = raw.run('BiasAdd', raw.run('MatMul', joined, raw.of(kernel)), raw.of(bias))
    return raw.result(activation === 'tanh' ? 'Tanh' : 'Relu', a) as Tensor2D
  } finally {
    raw.end()
  }
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
    const hidden = unroll(tf, activation, tf.reshape(fromInput, [steps, batch, -1]), h0, recurrent)
    save([x, h0, kernel, hidden])
    return { value: hidden, gradFunc: (dy, saved) => backward(tf, activation, dy, saved) }
  })
  const hidden = run(x, h0, weights.kernel, weights.bias) as Tensor3D
  return { hidden, states: [hidden], last: [lastOf(tf, hidden)] }
}

/** h_t = act(a_t + W_hh h_{t−1}), where a [steps, batch, hidden] is W_xh x_t + b_h. */
function unroll(
  tf: TensorFlow,
  activation: Activation,
  a: Tensor,
  h0: Tensor2D,
  recurrent: Tensor2D,
): Tensor3D {
  const act = activation === 'tanh' ? 'Tanh' : 'Relu'
  const raw = new RawOps(tf)
  try {
    const w = raw.of(recurrent)
    let h = raw.of(h0)
    const states = raw
      .unstack(a)
      .map((at) => (h = raw.run(act, raw.run('AddV2', at, raw.run('MatMul', h, w)))))
    return raw.stack(states) as Tensor3D
  } finally {
    raw.end()
  }
}

/** From dy [steps, batch, hidden] to the gradients of all operands. */
function backward(tf: TensorFlow, activation: Activation, dy: Tensor, saved: Tensor[]): Tensor[] {
  const [x, h0, kernel, hidden] = saved as [Tensor3D, Tensor2D, Tensor2D, Tensor3D]
  const [steps, , inputs] = x.shape
  const { input, recurrent } = parts(tf, kernel, inputs)
  const { dA, dh0 } = backThroughTime(tf, activation, dy, hidden, tf.transpose(recurrent))
  const all = rowsOf(tf, dA) // [steps·batch, hidden]
  const before = tf.concat([tf.expandDims(h0, 0), tf.slice(hidden, 0, steps - 1)], 0) as Tensor3D // h_{t−1}
  return [
    tf.reshape(tf.matMul(all, input, false, true), x.shape),
    dh0,
    tf.matMul(tf.concat([rowsOf(tf, x), rowsOf(tf, before)], 1), all, true), // [x, h]ᵀ · dA
    tf.sum(all, 0),
  ]
}

/** ∂L/∂a_t = act′ ⊙ (dy_t + W_hhᵀ ∂L/∂a_{t+1}); the derivative act′ can be told from h = act(a) alone. */
function backThroughTime(
  tf: TensorFlow,
  activation: Activation,
  dy: Tensor,
  hidden: Tensor3D,
  transposed: Tensor2D,
): { readonly dA: Tensor3D; readonly dh0: Tensor } {
  const raw = new RawOps(tf)
  try {
    const w = raw.of(transposed)
    const dys = raw.unstack(dy)
    const states = raw.unstack(hidden)
    const dA: number[] = []
    let dh = dys.at(-1)!
    for (let t = states.length - 1; t >= 0; t--) {
      const h = states[t]!
      dA[t] = activation === 'tanh' ? raw.run('TanhGrad', h, dh) : raw.run('ReluGrad', dh, h)
      const earlier = raw.run('MatMul', dA[t]!, w) // ∂L/∂h_{t−1} by way of step t
      dh = t === 0 ? earlier : raw.run('AddV2', dys[t - 1]!, earlier)
    }
    return { dA: raw.stack(dA) as Tensor3D, dh0: raw.tensor(dh) }
  } finally {
    raw.end()
  }
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
