import type { PipelineConfig } from '../config/types.js'

/** A partition's own state beside its series' rows. JSON; `format` is raised when it or the rows change shape. */
export interface PartitionMeta {
  /** What the rows' layout depends on: rows of another signature cannot be read. */
  readonly signature: string
  /** Every row and this meta hold the effect of all records up to this offset. */
  readonly offset: number
  /** −Infinity as null. */
  readonly watermark: number | null
  readonly pooled: { readonly values: readonly number[]; readonly counts: readonly number[] }
}

const FORMAT = 1

export function signature(config: PipelineConfig): string {
  const { interval, season, horizon, quantiles, aggregate, model } = config
  return JSON.stringify([
    FORMAT,
    interval,
    season.short,
    season.long,
    horizon,
    quantiles,
    aggregate,
    model.layers,
    model.hidden,
    // The GRU's signature stays what it was before there were others: states stored then can be read.
    ...(model.cell === 'gru' ? [] : [model.cell, model.activation]),
  ])
}

export function encodeMeta(meta: PartitionMeta): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ format: FORMAT, ...meta }))
}

/** `null` where it was written under another signature or format: the states are to be rebuilt from the topic. */
export function decodeMeta(bytes: Uint8Array, expected: string): PartitionMeta | null {
  const meta = JSON.parse(new TextDecoder().decode(bytes)) as PartitionMeta & { format: number }
  return meta.format === FORMAT && meta.signature === expected ? meta : null
}
