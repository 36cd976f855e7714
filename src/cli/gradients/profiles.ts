import type { Scalar, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import type { CellKind } from '../../core/network-spec.js'
import type { CellForm, LayerWeights } from '../../model/cell.js'
import { cellForm, cellOf } from '../../model/cells.js'
import { gradientFlow, type Advance } from '../../model/gradient-flow.js'
import { initialiseCell } from '../../model/initial-cell.js'
import { Random } from '../../model/random.js'
import { stacked } from '../../model/stack.js'
import type { TensorFlow } from '../../model/tensorflow.js'
import type { GradientsJob, Profile } from './protocol.js'

const INPUTS = 8
const HIDDEN = 32
/** Standard deviation of the inputs: small, so that it is the weights that decide, and not saturation. */
const INPUT_SCALE = 0.1
/** Steps over which the state runs in. */
const LEAD = 20
interface Variant {
  readonly name: string
  readonly radius?: number
  /** Changes fresh weights in place; name and values of one array. */
  readonly change: (name: string, values: Float32Array) => void
}

/** Fresh weights of each cell: the vanilla one at several spectral radii, the gated ones also with their gates set to keep. */
export function cellProfiles(tf: TensorFlow, fused: boolean, options: GradientsJob): Profile[] {
  const { cells, activation, lags, seed } = options
  return cells.flatMap((cell) =>
    variantsOf(cell, options).map(({ name, radius = null, change }) => {
      const random = new Random(seed)
      const inputs = Array.from({ length: LEAD + lags }, () =>
        Float32Array.from({ length: INPUTS }, () => INPUT_SCALE * random.normal()),
      )
      const form = cellForm({ cell, activation }, fused)
      const weights = freshWeights(tf, cell, change, random)
      const norms = [...profile(tf, form, weights, inputs, lags)]
      tf.dispose(Object.values(weights))
      return { name, cell, radius, norms, loss: null }
    }),
  )
}

/** Exact: all rows are the same sequence, and row i carries the gradient of unit i of h_t; together they are the Jacobian. */
function profile(
  tf: TensorFlow,
  form: CellForm,
  weights: LayerWeights,
  inputs: readonly Float32Array[],
  lags: number,
): Float64Array {
  tf.engine().startScope()
  try {
    const x = tf.stack(
      inputs.map((row) => tf.tile(tf.tensor2d(row, [1, row.length]), [HIDDEN, 1])),
    ) as Tensor3D
    const start: Tensor2D = tf.zeros([HIDDEN, form.states * HIDDEN])
    const eye = tf.eye(HIDDEN)
    const all = Array.from({ length: lags + 1 }, (_, lag) => lag)
    const advance: Advance = (x, states) => stacked(tf, form, [weights], x, states).last
    return gradientFlow(tf, advance, x, start, all, (states) =>
      tf.sum<Scalar>(tf.mul(tf.slice(states, 0, [HIDDEN, HIDDEN]), eye)),
    )
  } finally {
    tf.engine().endScope()
  }
}

function variantsOf(cell: CellKind, { activation, radii, lags }: GradientsJob): Variant[] {
  // f = σ(bias) = 1 − 1/lags: of what is kept for that long, about 1/e is left.
  const keeping = Math.log(Math.max(2, lags) - 1)
  const fresh: Variant = { name: cell, change: () => undefined }
  switch (cell) {
    case 'rnn':
      return radii.map((radius) => ({
        name: `rnn ${activation}, radius ${radius}`,
        radius,
        change(name, values) {
          if (name === 'kernel') for (let i = INPUTS * HIDDEN; i < values.length; i++) values[i]! *= radius
        },
      }))
    case 'lstm':
      return [
        fresh,
        {
          name: 'lstm, gates keep',
          change(name, values) {
            if (name === 'bias') values.fill(keeping, HIDDEN, 2 * HIDDEN) // forget gate: f near 1
          },
        },
      ]
    case 'gru':
      return [
        fresh,
        {
          name: 'gru, gates keep',
          change(name, values) {
            if (name === 'gatesBias') values.fill(-keeping, HIDDEN) // update gate: z near 0
          },
        },
      ]
  }
}

function freshWeights(
  tf: TensorFlow,
  cell: CellKind,
  change: Variant['change'],
  random: Random,
): LayerWeights {
  const shapes = Object.entries(cellOf({ cell }).shapes(INPUTS, HIDDEN))
  return Object.fromEntries(
    shapes.map(([name, shape]) => {
      const values = new Float32Array(shape.reduce((a, b) => a * b, 1))
      initialiseCell(cell, { name, shape }, values, HIDDEN, random)
      change(name, values)
      return [name, tf.tensor(values, [...shape])]
    }),
  )
}
