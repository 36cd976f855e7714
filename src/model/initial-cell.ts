import type { CellKind } from '../core/network-spec.js'
import type { Random } from './random.js'

/** An array of weights of a recurrent layer: its place in the flat vector is handed in as `view`. */
interface CellEntry {
  /** As in `Cell.shapes`. */
  readonly name: string
  readonly shape: readonly number[]
}

/**
 * Orthogonal recurrent weights, Glorot input weights, zero biases; but 1 for the LSTM's forget gate, so that its cell
 * state, and with it the gradient, at first passes from step to step.
 * @param view zeros
 */
export function initialiseCell(
  cell: CellKind,
  { name, shape }: CellEntry,
  view: Float32Array,
  hidden: number,
  random: Random,
): void {
  if (shape.length === 2) initialiseKernel(view, shape as [number, number], hidden, random)
  else if (cell === 'lstm' && name === 'bias') view.fill(1, hidden, 2 * hidden) // gates i, f, C̃, o
}

/** Kernel on [x, h]: Glorot above, below one orthogonal [hidden, hidden] block per gate. */
function initialiseKernel(
  view: Float32Array,
  [rows, columns]: readonly [number, number],
  hidden: number,
  random: Random,
): void {
  const inputs = rows - hidden
  const limit = Math.sqrt(6 / (inputs + hidden))
  for (let i = 0; i < inputs * columns; i++) view[i] = (2 * random.uniform() - 1) * limit
  for (let gate = 0; gate < columns; gate += hidden) {
    const block = orthogonal(hidden, random)
    for (let i = 0; i < hidden; i++) {
      for (let j = 0; j < hidden; j++) view[(inputs + i) * columns + gate + j] = block[i * hidden + j]!
    }
  }
}

/** Random orthogonal matrix [n, n]: Gram–Schmidt over normal rows. */
function orthogonal(n: number, random: Random): Float64Array {
  const q = Float64Array.from({ length: n * n }, () => random.normal())
  for (let i = 0; i < n; i++) {
    const row = q.subarray(i * n, (i + 1) * n)
    for (let j = 0; j < i; j++) {
      const other = q.subarray(j * n, (j + 1) * n)
      const dot = row.reduce((sum, value, k) => sum + value * other[k]!, 0)
      for (let k = 0; k < n; k++) row[k]! -= dot * other[k]!
    }
    const norm = Math.hypot(...row)
    for (let k = 0; k < n; k++) row[k]! /= norm
  }
  return q
}

/** Uniform within ± √(6 / (inputs + outputs)): signals and gradients keep their size. */
export function glorot(view: Float32Array, shape: readonly number[], random: Random): void {
  const limit = Math.sqrt(6 / (shape[0]! + shape[1]!))
  for (let i = 0; i < view.length; i++) view[i] = (2 * random.uniform() - 1) * limit
}
