import type { Activation, CellKind } from '../core/network-spec.js'
import type { Cell, CellForm } from './cell.js'
import { hasCompiledOps } from './compiled-ops.js'
import { gruCell } from './gru.js'
import { lstmCell } from './lstm.js'
import { rnnCell } from './rnn.js'
import type { TensorFlow } from './tensorflow.js'

export interface CellChoice {
  readonly cell: CellKind
  /** Of the vanilla cell; tanh where absent. */
  readonly activation?: Activation
}

export function cellOf({ cell, activation }: CellChoice): Cell {
  switch (cell) {
    case 'rnn':
      return rnnCell(activation ?? 'tanh') as Cell
    case 'lstm':
      return lstmCell as Cell
    case 'gru':
      return gruCell as Cell
  }
}

export type Form = 'compiled' | 'fused' | 'plain'

/**
 * Which form of the cells runs is decided here. On TensorFlow (`fused`) operations of our own where the binding has them,
 * else TensorFlow's; on other backends what any of them can do.
 */
export function formOf(tf: TensorFlow, fused: boolean): Form {
  if (!fused) return 'plain'
  return hasCompiledOps(tf) ? 'compiled' : 'fused'
}

/** A cell in the form that runs. */
export function cellForm(choice: CellChoice, fused: boolean): CellForm {
  const cell = cellOf(choice)
  return {
    states: cell.plain.states,
    prepare: (tf, weights) => cell[formOf(tf, fused)].prepare(tf, weights),
    step: (tf, weights, x, state) => cell[formOf(tf, fused)].step(tf, weights, x, state),
    sequence: (tf, weights, x, state) => cell[formOf(tf, fused)].sequence(tf, weights, x, state),
  }
}
