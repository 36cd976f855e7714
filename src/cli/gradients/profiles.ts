import type { Activation, CellKind } from '../../core/network-spec.js'
import type { LayerWeights } from '../../model/cell.js'
import { cellForm, cellOf } from '../../model/cells.js'
import { gradientFlow } from '../../model/gradient-flow.js'
import { initialiseCell } from '../../model/initial-cell.js'
import { Random } from '../../model/random.js'
import type { TensorFlow } from '../../model/tensorflow.js'

const INPUTS = 8
const HIDDEN = 32
/** Standard deviation of the inputs: small, so that it is the weights that decide, and not saturation. */
const INPUT_SCALE = 0.1
/** Steps over which the state runs in. */
const LEAD = 20
/** Spectral radii of the vanilla cell's W_hh: all singular values of an orthogonal matrix times this. */
const RADII = [0.8, 1, 1.5] as const

export interface Profile {
  readonly name: string
  readonly cell: CellKind
  /** ‖∂h_t/∂s_{t−k}‖ / √hidden, by lag k from 0. */
  readonly norms: readonly number[]
}

export interface ProfileOptions {
  readonly cells: readonly CellKind[]
  readonly activation: Activation
  readonly lags: number
  readonly seed: number
}

interface Variant {
  readonly name: string
  readonly cell: CellKind
  /** Changes fresh weights in place; name and values of one array. */
  readonly change: (name: string, values: Float32Array) => void
}

/** Fresh weights of each cell: the vanilla one at several spectral radii, the gated ones also with their gates set to keep. */
export function profiles(tf: TensorFlow, fused: boolean, options: ProfileOptions): Profile[] {
  const { cells, activation, lags, seed } = options
  return cells.flatMap((cell) =>
    variantsOf(cell, activation, lags).map(({ name, change }) => {
      const random = new Random(seed)
      const inputs = Array.from({ length: LEAD + lags }, () =>
        Float32Array.from({ length: INPUTS }, () => INPUT_SCALE * random.normal()),
      )
      const form = cellForm({ cell, activation }, fused)
      const weights = freshWeights(tf, cell, change, random)
      const norms = [...gradientFlow(tf, form, weights, HIDDEN, inputs, lags)]
      tf.dispose(Object.values(weights))
      return { name, cell, norms }
    }),
  )
}

function variantsOf(cell: CellKind, activation: Activation, lags: number): Variant[] {
  // f = σ(bias) = 1 − 1/lags: of what is kept for that long, about 1/e is left.
  const keeping = Math.log(Math.max(2, lags) - 1)
  const fresh: Variant = { name: cell, cell, change: () => undefined }
  switch (cell) {
    case 'rnn':
      return RADII.map((radius) => ({
        name: `rnn ${activation}, radius ${radius}`,
        cell,
        change(name, values) {
          if (name === 'kernel') for (let i = INPUTS * HIDDEN; i < values.length; i++) values[i]! *= radius
        },
      }))
    case 'lstm':
      return [
        fresh,
        {
          name: 'lstm, gates keep',
          cell,
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
          cell,
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
