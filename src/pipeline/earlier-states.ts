import type { PipelineConfig } from '../config/types.js'
import { StateLayout } from '../core/layout.js'
import { CELLS, stateSize, type CellKind } from '../core/network-spec.js'
import { RowConversion, type RowForm } from '../core/row-conversion.js'
import type { StateRow, StoredStates } from '../ports/broker.js'
import { decodeAnyMeta, signature, type PartitionMeta } from './partition-meta.js'

/** So many earlier forms of rows may be in a store at once. */
const MOST_EARLIER = 4

/** What was stored for another horizon, other quantiles or another network, and can be read all the same. */
export interface Earlier {
  /** As for the present form. */
  readonly meta: PartitionMeta
  /** Signatures of rows that may still be stored, beside the present one. */
  readonly signatures: readonly string[]
  /** The same store, whose rows are of the present form. */
  readonly states: StoredStates
}

/**
 * Reads what a partition stored under other signatures. Rows are converted as they are read, and stored in their new form
 * when they have changed, so that this takes no longer with many series. `null` where the series' own past would have to be
 * another one: then it is rebuilt from the topic.
 */
export function readEarlier(
  stored: Uint8Array,
  states: StoredStates,
  config: PipelineConfig,
): Earlier | null {
  const meta = decodeAnyMeta(stored)
  const expected = signature(config)
  if (meta === null) return null
  const signatures = [...new Set([meta.signature, ...(meta.earlier ?? [])])].filter((one) => one !== expected)
  if (signatures.length === 0) return { meta, signatures, states }
  if (signatures.length > MOST_EARLIER) return null
  const to: RowForm = { layout: new StateLayout(config), hidden: stateSize(config.model) }
  const conversions = new Map<number, RowConversion>()
  for (const text of signatures) {
    const from = formOf(text, config)
    if (from === null || !RowConversion.possible(from.layout, to.layout)) return null
    const conversion = new RowConversion(from, to)
    conversions.set(conversion.bytes, conversion)
  }
  // A row says by its length alone of which form it is.
  const present = new RowConversion(to, to).bytes
  if (conversions.size < signatures.length || conversions.has(present)) return null
  const last = meta.signature === expected ? undefined : formOf(meta.signature, config)
  return {
    meta: last ? converted(meta, new RowConversion(last, to), to.layout) : meta,
    signatures,
    states: new ConvertedStates(states, conversions),
  }
}

class ConvertedStates implements StoredStates {
  constructor(
    private readonly states: StoredStates,
    private readonly conversions: ReadonlyMap<number, RowConversion>,
  ) {}

  meta(): Promise<Uint8Array | null> {
    return this.states.meta()
  }

  count(): Promise<number> {
    return this.states.count()
  }

  async *load(): AsyncIterable<readonly StateRow[]> {
    for await (const rows of this.states.load()) yield rows.map((row) => this.convert(row))
  }

  get(series: string): StateRow | null | Promise<StateRow | null> {
    const row = this.states.get(series)
    if (row instanceof Promise) return row.then((one) => (one === null ? null : this.convert(one)))
    return row === null ? null : this.convert(row)
  }

  private convert(row: StateRow): StateRow {
    const conversion = this.conversions.get(row.bytes.byteLength)
    // No network has this number: the hidden state is to be re-warmed.
    return conversion === undefined ? row : { ...row, model: '-1', bytes: conversion.convert(row.bytes) }
  }
}

function converted(meta: PartitionMeta, conversion: RowConversion, layout: StateLayout): PartitionMeta {
  const { lags, shape } = layout
  const values = new Float64Array(lags.length * shape.quantiles.length)
  const counts = new Float64Array(lags.length)
  conversion.residuals(meta.pooled.values, 0, values, 0)
  conversion.counts(meta.pooled.counts, counts)
  return { ...meta, pooled: { values: [...values], counts: [...counts] }, scores: null, shadow: null }
}

/** What a signature says; `null` where its series are others than those of the configuration. */
function formOf(text: string, config: PipelineConfig): RowForm | null {
  const parts = JSON.parse(text) as unknown[]
  const [, interval, short, long, horizon, quantiles, , layers, hidden, ...rest] = parts
  const cell: CellKind = CELLS.find((kind) => kind === rest[0]) ?? 'gru'
  const { season, model } = config
  const form = {
    ...config,
    interval: interval as number,
    season: { ...season, short: short as number, long: long as number },
    horizon: horizon as number,
    quantiles: quantiles as number[],
    covariates: covariatesOf(rest),
    model: {
      ...model,
      cell,
      activation: cell === 'gru' ? model.activation : (rest[1] as PipelineConfig['model']['activation']),
      layers: layers as number,
      hidden: hidden as number,
    },
  }
  // All else that is in it must be as it is now.
  return signature(form) === text ? { layout: new StateLayout(form), hidden: stateSize(form.model) } : null
}

/** Where there are any, they come last. */
function covariatesOf(rest: readonly unknown[]): readonly string[] {
  const last = rest.at(-1) as { readonly covariates?: readonly string[] } | undefined
  return last?.covariates ?? []
}
