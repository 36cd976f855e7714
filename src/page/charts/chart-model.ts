import type { Column } from './align.js'
import type { Role } from './colours.js'

export interface Line extends Column {
  readonly label: string
  readonly role: Role
  readonly shape: 'line' | 'thin' | 'dashed' | 'dotted' | 'rings' | 'dots' | 'edge'
}

/** An area between two lines, which are `edge`s. */
export interface Band {
  readonly low: number
  readonly high: number
  readonly role: Role
  readonly alpha: number
}

/** What a chart shows; the table behind it and the CSV are made from the same. */
export interface ChartModel {
  readonly title: string
  /** Of the x axis; times are seconds since the epoch. */
  readonly axis: { readonly kind: 'time' } | { readonly kind: 'number'; readonly label: string }
  readonly lines: readonly Line[]
  readonly bands?: readonly Band[]
  /** Stretches without observations. */
  readonly gaps?: readonly (readonly [number, number])[]
  /** Where the past ends. */
  readonly mark?: number
  /** The y axis begins at 0. */
  readonly fromZero?: boolean
}
