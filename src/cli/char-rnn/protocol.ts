import type { Activation, CellKind } from '../../core/network-spec.js'

export interface CharRnnJob {
  readonly cell: CellKind
  readonly activation: Activation
  readonly text: string
  readonly epochs: number
  readonly temperature: number
  readonly seed: number
  /** What writing starts from. */
  readonly start: string
  /** Characters to write. */
  readonly length: number
}

export type CharRnnMessage =
  | { readonly kind: 'epoch'; readonly epoch: number; readonly loss: number }
  | {
      readonly kind: 'written'
      readonly backend: string
      readonly loss: number
      /** Of the training alone. */
      readonly seconds: number
      /** Without the start. */
      readonly text: string
    }
