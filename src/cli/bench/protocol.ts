import type { CellKind } from '../../core/network-spec.js'

export const BENCH_DEVICES = ['gpu', 'cpu'] as const
export type BenchDevice = (typeof BENCH_DEVICES)[number]

export interface BenchJob {
  readonly device: BenchDevice
  readonly cell: CellKind
  readonly hidden: number
  readonly streams: number
  readonly updates: number
}

export type BenchAnswer =
  | { readonly kind: 'measured'; readonly device: string; readonly seconds: number }
  /** The device is not there, or the measurement failed. */
  | { readonly kind: 'absent'; readonly reason: string }
