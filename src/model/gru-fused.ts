import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import { lastOf, type CellState, type Unrolled } from './cell.js'
import type { GruWeights } from './gru.js'
import { runOp, type TensorFlow } from './tensorflow.js'

/** TensorFlow's GRUBlockCell has u = 1 − z: with that gate's weights and bias negated the cells agree. */
export function negateUpdateGate<T extends Tensor1D | Tensor2D>(tf: TensorFlow, gates: T): T {
  const hidden = gates.shape[gates.shape.length - 1]! / 2
  const sign = tf.tensor1d(Float32Array.from({ length: 2 * hidden }, (_, i) => (i < hidden ? 1 : -1)))
  const result = tf.mul(gates, sign) as T
  sign.dispose()
  return result
}

type Step = readonly [r: Tensor2D, u: Tensor2D, candidate: Tensor2D, h: Tensor2D]

/** One op for the whole step. `gates` and `gatesBias` have their update gate negated. */
export function fusedGruStep(tf: TensorFlow, w: GruWeights, x: Tensor2D, h: Tensor2D): Step {
  const inputs = [x, h, w.gates, w.candidate, w.gatesBias, w.candidateBias]
  return runOp(tf, 'GRUBlockCell', inputs, 4) as unknown as Step
}

/**
 * The unrolled sequence: one op per step forward, one backward, and the weight gradients as two matrix products over
 * all steps at the end. x [steps, batch, inputs], h0 [batch, hidden].
 */
export function fusedGruSequence(
  tf: TensorFlow,
  weights: GruWeights,
  x: Tensor3D,
  [h0]: CellState,
): Unrolled {
  const run = tf.customGrad((...args) => {
    const save = args.pop() as unknown as (tensors: Tensor[]) => void
    const [x, h0, gates, gatesBias, candidate, candidateBias] = args as unknown as Operands
    const w = {
      gates: negateUpdateGate(tf, gates),
      gatesBias: negateUpdateGate(tf, gatesBias),
      candidate,
      candidateBias,
    }
    let h = h0
    const steps = tf.unstack(x).map((step) => {
      const result = fusedGruStep(tf, w, step as Tensor2D, h)
      h = result[3]
      return result
    })
    save([x, h0, w.gates, w.gatesBias, candidate, candidateBias, ...steps.flat()])
    return { value: tf.stack(steps.map((step) => step[3])), gradFunc: (dy, saved) => backward(tf, dy, saved) }
  })
  const { gates, gatesBias, candidate, candidateBias } = weights
  const hidden = run(x, h0!, gates, gatesBias, candidate, candidateBias) as Tensor3D
  return { hidden, states: [hidden], last: [lastOf(tf, hidden)] }
}

type Operands = readonly [Tensor3D, Tensor2D, Tensor2D, Tensor1D, Tensor2D, Tensor1D]

/** From dy [steps, batch, hidden] to the gradients of all operands. */
function backward(tf: TensorFlow, dy: Tensor, saved: Tensor[]): Tensor[] {
  const [x, h0, gates, gatesBias, candidate, candidateBias] = saved as unknown as Operands
  const xs = tf.unstack(x)
  const dys = tf.unstack(dy)
  const step = (t: number, part: 0 | 1 | 2 | 3): Tensor => saved[6 + 4 * t + part]! // every step saved four
  const before = xs.map((_, t) => (t === 0 ? h0 : step(t - 1, 3))) // h_{t−1}
  const dx: Tensor[] = []
  const dCandidate: Tensor[] = []
  const dGates: Tensor[] = []
  let carried: Tensor = tf.zerosLike(h0) // ∂L/∂h_t by way of later steps
  for (let t = xs.length - 1; t >= 0; t--) {
    const dh = runOp(tf, 'AddV2', [dys[t]!, carried])[0]!
    const operands = [xs[t]!, before[t]!, gates, candidate, gatesBias, candidateBias]
    const forward = [step(t, 0), step(t, 1), step(t, 2)]
    const result = runOp(tf, 'GRUBlockCellGrad', [...operands, ...forward, dh], 4)
    dx[t] = result[0]!
    carried = result[1]!
    dCandidate[t] = result[2]! // of the candidate before tanh, [batch, hidden]
    dGates[t] = result[3]! // of r and u before σ, [batch, 2·hidden]
  }
  const rows = tf.reshape(x, [-1, x.shape[2]]) as Tensor2D // [steps·batch, inputs]
  const h = tf.concat(before as Tensor2D[], 0) // [steps·batch, hidden]
  const rh = tf.mul(tf.concat(xs.map((_, t) => step(t, 0)) as Tensor2D[], 0), h) as Tensor2D
  const dG = tf.concat(dGates as Tensor2D[], 0)
  const dC = tf.concat(dCandidate as Tensor2D[], 0)
  return [
    tf.stack(dx),
    carried,
    negateUpdateGate(tf, tf.matMul(tf.concat([rows, h], 1), dG, true)), // [x, h]ᵀ · dG
    negateUpdateGate(tf, tf.sum(dG, 0) as Tensor1D),
    tf.matMul(tf.concat([rows, rh], 1), dC, true), // [x, r ⊙ h]ᵀ · dC
    tf.sum(dC, 0),
  ]
}
