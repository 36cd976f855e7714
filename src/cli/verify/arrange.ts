import type { CellKind } from '../../core/network-spec.js'
import type { Chains, GoldenChain, GoldenState, GoldenWeights, Matrix } from './golden.js'

/** An array of numbers as a tensor is made of it. */
export interface Values {
  readonly values: Float32Array
  readonly shape: readonly number[]
}

/** A chain's weights, by name, in this project's arrangement: kernels [input + hidden, gates · hidden] on the row [x, h]. */
export function arrangeChain(cell: CellKind, chain: GoldenChain): Readonly<Record<string, Values>> {
  const kernel = (...gates: string[]): Values =>
    sideBySide(gates.map((gate) => turned(chain[gate] as Matrix)))
  const bias = (...gates: string[]): Values => vector(gates.flatMap((gate) => chain[gate] as number[]))
  switch (cell) {
    case 'rnn': {
      const input = chain['W_xh'] as Matrix
      const recurrent = chain['W_hh'] as Matrix
      const whole = input.map((row, i) => [...recurrent[i]!, ...row]) // [W_hh, W_xh] on [h, x], as the others have it
      return { kernel: sideBySide([turned(whole)]), bias: bias('b_h') }
    }
    case 'lstm':
      return {
        kernel: kernel('W_i', 'W_f', 'W_C', 'W_o'),
        bias: bias('b_i', 'b_f', 'b_C', 'b_o'),
      }
    case 'gru':
      return {
        gates: kernel('W_r', 'W_z'),
        gatesBias: bias('b_r', 'b_z'),
        candidate: kernel('W_h'),
        candidateBias: bias('b_h'),
      }
  }
}

/** All chains' weights in the order of the layers, then W_hyᵀ and b_y: values and gradients alike. */
export function arrangeWeights(cell: CellKind, w: GoldenWeights): readonly Values[] {
  const perChain = w.layers.flatMap(chainsOf).flatMap((chain) => Object.values(arrangeChain(cell, chain)))
  return [...perChain, matrix(transposed(w.W_hy)), vector(w.b_y)]
}

/** [batch, chains · states · hidden]: each chain's h, and with the LSTM its C. */
export function arrangeStates(states: readonly Chains<GoldenState>[]): Values {
  const parts = states.flatMap(chainsOf).flatMap(({ h, c }) => (c === undefined ? [h] : [h, c]))
  return sideBySide(parts)
}

export function chainsOf<T>({ forward, backward }: Chains<T>): readonly T[] {
  return backward === undefined ? [forward] : [forward, backward]
}

/** [steps, batch, width] */
export function sequence(steps: readonly Matrix[]): Values {
  const shape = [steps.length, steps[0]!.length, steps[0]![0]!.length]
  return { values: Float32Array.from(steps.flat(2)), shape }
}

export function vector(values: readonly number[]): Values {
  return { values: Float32Array.from(values), shape: [values.length] }
}

function matrix(rows: Matrix): Values {
  return { values: Float32Array.from(rows.flat()), shape: [rows.length, rows[0]!.length] }
}

function transposed(m: Matrix): Matrix {
  return m[0]!.map((_, j) => m.map((row) => row[j]!))
}

/** [hidden, hidden + input] on the column [h, x] → [input + hidden, hidden] on the row [x, h]. */
function turned(w: Matrix): Matrix {
  const hidden = w.length
  const rows = transposed(w)
  return [...rows.slice(hidden), ...rows.slice(0, hidden)]
}

function sideBySide(blocks: readonly Matrix[]): Values {
  return matrix(blocks[0]!.map((_, row) => blocks.flatMap((block) => block[row]!)))
}
