import type { Activation, CellKind } from '../core/network-spec.js'
import type { Cell, CellForm } from './cell.js'
import { gruCell } from './gru.js'
import { lstmCell } from './lstm.js'
import { rnnCell } from './rnn.js'

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

/** Which form of a cell runs is decided here: TensorFlow's own operations where there are such, else any backend's. */
export function cellForm(choice: CellChoice, fused: boolean): CellForm {
  const cell = cellOf(choice)
  return fused ? cell.fused : cell.plain
}
