import type { PipelineConfig } from '../config/types.js'
import type { DriftMemory } from '../core/drift.js'
import type { Newcomers } from '../core/newcomers.js'
import type { ScoreMemory } from '../core/scoreboard.js'
import { newerFormat } from '../ports/broker.js'
import type { SymbolMemory } from './partition-symbols.js'
import type { ShadowMemory } from './shadow.js'

/**
 * A partition's own state beside its series' rows. JSON; `format` is raised when it or the rows change shape. What was
 * stored in an older one is rebuilt from the topic, what is of a newer one is refused.
 */
export interface PartitionMeta {
  /** What the rows' layout depends on: rows of another signature cannot be read. */
  readonly signature: string
  /** Of rows that were stored before, and not since it changed; absent: there are none. */
  readonly earlier?: readonly string[]
  /** Every row and this meta hold the effect of all records up to this offset. */
  readonly offset: number
  /** −Infinity as null. */
  readonly watermark: number | null
  readonly pooled: { readonly values: readonly number[]; readonly counts: readonly number[] }
  /** Only of symbols. */
  readonly symbols?: SymbolMemory
  readonly marks: PartitionMarks
  /** Of `Newcomers`; absent in older ones. */
  readonly newcomers?: Newcomers['memory']
  /** Of `DriftDetector`; absent in older ones. */
  readonly drift?: DriftMemory
  readonly scores: ScoreMemory | null
  /** Of a network that is compared with the one in use; absent in older ones. */
  readonly shadow?: ShadowMemory | null
}

/** What is to be known of a partition whatever becomes of its states: kept when they are rebuilt. */
export interface PartitionMarks {
  /** The pipeline began here: states are not rebuilt from anything before. Absent: it began with the oldest record. */
  readonly start?: number
  /** What comes of records before this offset has been published before: the pipeline was taken back. */
  readonly repeatBefore?: number
  /** Id of the topic that offsets and states belong to. Absent in older ones, and where the broker does not know. */
  readonly topic?: string
}

const FORMAT = 5

export function signature(config: PipelineConfig): string {
  const { interval, season, horizon, quantiles, aggregate, model, covariates } = config
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
    ...(config.kind === 'numbers' ? [] : [config.kind, config.symbols.maxVocabulary]),
    ...(covariates.length === 0 ? [] : [{ covariates }]),
  ])
}

export function encodeMeta(meta: PartitionMeta): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ format: FORMAT, ...meta }))
}

/** They speak of another topic of the same name: neither they nor the states and the offset beside them say anything here. */
export function areForeign({ topic }: PartitionMarks, topicId: string | null): boolean {
  return topic !== undefined && topicId !== null && topic !== topicId
}

export function ofTopic(topicId: string | null, marks: PartitionMarks): PartitionMarks {
  return topicId === null ? marks : { ...marks, topic: topicId }
}

/** Where states are rebuilt from while there is no snapshot. Decided once: a crash before the first one must change nothing. */
export interface Rebuild {
  /** Offset of the first record that is replayed. */
  readonly from: number
  /** A series that comes before this offset may have been there before `from`: it is never one too many. */
  readonly known: number
}

/** A partition without states. Without `rebuild` it is for the next owner to decide. */
export function encodeMarks(marks: PartitionMarks, rebuild?: Rebuild): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ format: FORMAT, signature: '', marks, rebuild }))
}

/** `null` where there are states, or where it has not been decided. */
export function decodeRebuild(bytes: Uint8Array): Rebuild | null {
  return parsed(bytes).rebuild ?? null
}

/** Written under whatever signature; older ones have none. */
export function decodeMarks(bytes: Uint8Array): PartitionMarks {
  return parsed(bytes).marks ?? {}
}

/** `null` where it holds no states, or was written in an older format: they are to be rebuilt from the topic. */
export function decodeAnyMeta(bytes: Uint8Array): PartitionMeta | null {
  const meta = parsed(bytes)
  return meta.format === FORMAT && meta.signature !== '' ? (meta as PartitionMeta) : null
}

/** `null` where it was written under another signature or in an older format. */
export function decodeMeta(bytes: Uint8Array, expected: string): PartitionMeta | null {
  const meta = decodeAnyMeta(bytes)
  return meta?.signature === expected ? meta : null
}

/** Of any format up to the present one; throws `BrokerError('newer-format')` for others. */
function parsed(bytes: Uint8Array): Partial<PartitionMeta> & { format: number; rebuild?: Rebuild } {
  const stored = JSON.parse(new TextDecoder().decode(bytes)) as ReturnType<typeof parsed>
  if (stored.format > FORMAT) throw newerFormat('What is stored of a partition', stored.format, FORMAT)
  return stored
}
