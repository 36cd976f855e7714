import type { SeriesHistory } from '../../core/history.js'
import type { SeriesShape } from '../../core/layout.js'
import type { Activation, CellKind } from '../../core/network-spec.js'
import type { Merge } from '../../model/bidirectional.js'
import type { Quality } from './quality.js'

export interface ImputeJob {
  readonly histories: readonly SeriesHistory[]
  readonly season: SeriesShape['season']
  readonly cell: CellKind
  readonly activation: Activation
  readonly merge: Merge
  readonly hidden: number
  readonly seed: number
}

/** A value that was missing. */
export interface Fill {
  readonly step: number
  readonly lower: number
  readonly median: number
  readonly upper: number
}

export interface ImputeResult {
  /** By history. */
  readonly fills: readonly (readonly Fill[])[]
  /** On stretches that were removed before the training. */
  readonly quality: {
    readonly values: number
    /** Least and greatest length of the stretches. */
    readonly stretches: readonly [number, number]
    readonly network: Quality
    readonly linear: Quality
    readonly seasonalNaive: Quality
  }
  readonly longestGap: number
  readonly updates: number
  /** Of the training. */
  readonly seconds: number
  readonly backend: string
}

export type ImputeMessage =
  | { readonly kind: 'progress'; readonly update: number; readonly updates: number; readonly loss: number }
  | { readonly kind: 'done'; readonly result: ImputeResult }
