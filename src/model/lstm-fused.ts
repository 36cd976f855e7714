import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import { lastOf, type CellState, type LayerWeights, type Unrolled } from './cell.js'
import type { LstmWeights } from './lstm.js'
import { runCountedOp, runOpKeeping, type TensorFlow } from './tensorflow.js'

/** Else the operation would add 1 to the forget gate and clip C at 3: neither is in the equations. */
const STEP_ATTRIBUTES = { forget_bias: 0, cell_clip: 0, use_peephole: false }

/** LSTMBlockCell has the gates in the order i, C̃, f, o; the sequence's operations have ours. */
export function prepareLstm(tf: TensorFlow, { kernel, bias }: LstmWeights): LayerWeights {
  const turned = <T extends Tensor>(gates: T): T => {
    const axis = gates.rank - 1
    const [i, f, candidate, o] = tf.split(gates, 4, axis)
    return tf.concat([i!, candidate!, f!, o!], axis) as T
  }
  return { kernel: turned(kernel), bias: turned(bias), noPeephole: tf.zeros([bias.shape[0] / 4]) }
}

/** One op for the whole step. */
export function fusedLstmStep(tf: TensorFlow, w: LayerWeights, x: Tensor2D, [h, c]: CellState): CellState {
  const { kernel, bias, noPeephole: none } = w as Record<'kernel' | 'bias' | 'noPeephole', Tensor>
  const inputs = [x, c!, h!, kernel, none, none, none, bias]
  // i, C, f, o, C̃, tanh(C), h
  return runOpKeeping(tf, 'LSTMBlockCell', inputs, [6, 1], 7, STEP_ATTRIBUTES) as Tensor2D[]
}

type Operands = readonly [Tensor3D, Tensor2D, Tensor2D, Tensor2D, Tensor1D]

/** The unrolled sequence: one op forward, one backward. */
export function fusedLstmSequence(
  tf: TensorFlow,
  weights: LstmWeights,
  x: Tensor3D,
  [h0, c0]: CellState,
): Unrolled {
  const steps = x.shape[0]
  const run = tf.customGrad((...args) => {
    const save = args.pop() as unknown as (tensors: Tensor[]) => void
    const [x, h0, c0, kernel, bias] = args as unknown as Operands
    const none = tf.zeros([h0.shape[1]])
    const inputs = [x, c0, h0, kernel, none, none, none, bias]
    const made = runCountedOp(tf, 'BlockLSTMV2', steps, inputs, 7) // i, C, f, o, C̃, tanh(C), h
    save([...inputs, ...made])
    // One tensor [2 · steps, batch, hidden], as a function with a gradient has but one result: every h, then every C.
    const value = tf.concat([made[6]!, made[1]!], 0)
    return { value, gradFunc: (dy, saved) => backward(tf, dy, saved) }
  })
  const both = run(x, h0!, c0!, weights.kernel, weights.bias) as Tensor3D
  const states = [tf.slice(both, 0, steps), tf.slice(both, steps, steps)]
  return { hidden: states[0]!, states, last: states.map((state) => lastOf(tf, state)) }
}

/** From dy [2 · steps, batch, hidden] to the gradients of all operands. */
function backward(tf: TensorFlow, dy: Tensor, saved: Tensor[]): Tensor[] {
  const steps = dy.shape[0]! / 2
  const dh = tf.slice(dy, 0, steps)
  const dC = tf.slice(dy, steps, steps)
  const attributes = { use_peephole: false }
  const made = runCountedOp(tf, 'BlockLSTMGradV2', steps, [...saved, dC, dh], 8, attributes)
  const [dx, dc0, dh0, dKernel] = made as [Tensor, Tensor, Tensor, Tensor]
  return [dx, dh0, dc0, dKernel, made[7]!]
}
