import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import { lastOf, type CellState, type Unrolled } from './cell.js'
import type { GruWeights } from './gru.js'
import { RawOps } from './raw-ops.js'
import { runOpKeeping, type TensorFlow } from './tensorflow.js'

/** TensorFlow's GRUBlockCell has u = 1 − z: with that gate's weights and bias negated the cells agree. */
export function negateUpdateGate<T extends Tensor1D | Tensor2D>(tf: TensorFlow, gates: T): T {
  const hidden = gates.shape[gates.shape.length - 1]! / 2
  const sign = tf.tensor1d(Float32Array.from({ length: 2 * hidden }, (_, i) => (i < hidden ? 1 : -1)))
  const result = tf.mul(gates, sign) as T
  sign.dispose()
  return result
}

/** One op for the whole step. `gates` and `gatesBias` have their update gate negated. */
export function fusedGruStep(tf: TensorFlow, w: GruWeights, x: Tensor2D, h: Tensor2D): Tensor2D {
  const inputs = [x, h, w.gates, w.candidate, w.gatesBias, w.candidateBias]
  const [next] = runOpKeeping(tf, 'GRUBlockCell', inputs, [3], 4) // r, u, h̃, h′
  return next as Tensor2D
}

type Operands = readonly [Tensor3D, Tensor2D, Tensor2D, Tensor1D, Tensor2D, Tensor1D]

/**
 * The unrolled sequence: one op per step forward, one and an addition backward, on TensorFlow's handles; the weight
 * gradients as two matrix products over all steps at the end. x [steps, batch, inputs], h0 [batch, hidden].
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
    const operands = [
      x,
      h0,
      negateUpdateGate(tf, gates),
      negateUpdateGate(tf, gatesBias),
      candidate,
      candidateBias,
    ] as const
    const made = unroll(tf, operands)
    save([...operands, ...made])
    return { value: made[3], gradFunc: (dy, saved) => backward(tf, dy, saved) }
  })
  const { gates, gatesBias, candidate, candidateBias } = weights
  const hidden = run(x, h0!, gates, gatesBias, candidate, candidateBias) as Tensor3D
  return { hidden, states: [hidden], last: [lastOf(tf, hidden)] }
}

/** r, u, h̃ and h of every step, [steps, batch, hidden] each. */
function unroll(tf: TensorFlow, operands: Operands): readonly [Tensor3D, Tensor3D, Tensor3D, Tensor3D] {
  const [x, h0, gates, gatesBias, candidate, candidateBias] = operands
  const raw = new RawOps(tf)
  try {
    const weights = [gates, candidate, gatesBias, candidateBias].map((tensor) => raw.of(tensor))
    let h = raw.of(h0)
    const steps = raw.unstack(x).map((at) => {
      const made = raw.runAll('GRUBlockCell', [at, h, ...weights], 4)
      h = made[3]!
      return made
    })
    const part = (i: number): Tensor3D => raw.stack(steps.map((step) => step[i]!)) as Tensor3D
    return [part(0), part(1), part(2), part(3)]
  } finally {
    raw.end()
  }
}

/** From dy [steps, batch, hidden] to the gradients of all operands. */
function backward(tf: TensorFlow, dy: Tensor, saved: Tensor[]): Tensor[] {
  const [x, h0] = saved as unknown as Operands
  const [r, , , hidden] = saved.slice(6) as [Tensor3D, Tensor3D, Tensor3D, Tensor3D]
  const { dx, dh0, dGates, dCandidate } = backThroughTime(tf, dy, saved)
  const steps = x.shape[0]
  const rows = rowsOf(tf, x)
  const h = rowsOf(tf, tf.concat([tf.expandDims(h0, 0), tf.slice(hidden, 0, steps - 1)], 0)) // h_{t−1}
  const rh = tf.mul<Tensor2D>(rowsOf(tf, r), h)
  const dG = rowsOf(tf, dGates)
  const dC = rowsOf(tf, dCandidate)
  return [
    dx,
    dh0,
    negateUpdateGate(tf, tf.matMul(tf.concat([rows, h], 1), dG, true)), // [x, h]ᵀ · dG
    negateUpdateGate(tf, tf.sum(dG, 0) as Tensor1D),
    tf.matMul(tf.concat([rows, rh], 1), dC, true), // [x, r ⊙ h]ᵀ · dC
    tf.sum(dC, 0),
  ]
}

/** Of x and h0, and of what goes into the gates' σ [steps, batch, 2·hidden] and the candidate's tanh [steps, batch, hidden]. */
function backThroughTime(
  tf: TensorFlow,
  dy: Tensor,
  saved: Tensor[],
): Readonly<Record<'dx' | 'dh0' | 'dGates' | 'dCandidate', Tensor>> {
  const [x, h0, gates, gatesBias, candidate, candidateBias] = saved as unknown as Operands
  const raw = new RawOps(tf)
  try {
    const weights = [gates, candidate, gatesBias, candidateBias].map((tensor) => raw.of(tensor))
    const xs = raw.unstack(x)
    const dys = raw.unstack(dy)
    const [r, u, c, h] = saved.slice(6).map((tensor) => raw.unstack(tensor))
    const made: (readonly number[])[] = []
    let dh = dys.at(-1)!
    for (let t = xs.length - 1; t >= 0; t--) {
      const before = t === 0 ? raw.of(h0) : h![t - 1]!
      made[t] = raw.runAll('GRUBlockCellGrad', [xs[t]!, before, ...weights, r![t]!, u![t]!, c![t]!, dh], 4)
      const earlier = made[t]![1]! // ∂L/∂h_{t−1} by way of step t
      dh = t === 0 ? earlier : raw.run('AddV2', dys[t - 1]!, earlier)
    }
    const part = (i: number): Tensor => raw.stack(made.map((step) => step[i]!))
    return { dx: part(0), dh0: raw.tensor(dh), dCandidate: part(2), dGates: part(3) }
  } finally {
    raw.end()
  }
}

/** [steps, batch, width] as [steps·batch, width]. */
function rowsOf(tf: TensorFlow, x: Tensor): Tensor2D {
  return tf.reshape(x, [-1, x.shape[2]!])
}
