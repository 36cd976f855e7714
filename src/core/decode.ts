import { wantedOf } from './avro/read.js'
import { parseTimestamp } from './timestamp.js'
import {
  UnknownSchema,
  valueFormat,
  type InputEncoding,
  type SchemaLookup,
  type ValueFormat,
} from './value-format.js'
import type { Vocabulary } from './vocabulary.js'

/** Why a record was not used. A closed list: it labels a metric and stands in the dead letter's header. */
export const REJECT_REASONS = [
  'too-large',
  'undecodable',
  'unknown-schema',
  'missing-series',
  'missing-ts',
  'bad-ts',
  'bad-value',
  'out-of-range',
  'too-far-ahead',
  'late',
  'duplicate',
  'too-many-series',
] as const
export type RejectReason = (typeof REJECT_REASONS)[number]

/** What a record without a value says: whatever is known of its series is to be forgotten. */
export const TOMBSTONE = 'tombstone'

export interface DecodeOptions {
  readonly encoding: { readonly input: InputEncoding }
  readonly fields: {
    readonly series: string
    readonly ts: string
    readonly value: string
    readonly covariates?: string
  }
  /** Names that are looked for under `fields.covariates`. Absent: none. */
  readonly covariates?: readonly string[]
  readonly limits: {
    readonly minValue: number
    readonly maxValue: number
    readonly maxAhead: number
    readonly maxKeyBytes: number
    readonly maxValueBytes: number
  }
  readonly symbols: { readonly maxLength: number }
}

/** Result of `Decoder.decode`, reused from record to record. */
export interface Decoded {
  series: string
  ts: number
  /** NaN = known to be missing. Of symbols their number. */
  value: number
}

/** Further out nothing is measured, and a Float32 ends at 3.4e38. */
const LARGEST_COVARIATE = 1e30

const RAW_FIELDS = { series: '', ts: 'ts', value: 'value', covariates: 'covariates' }

/** Largest time stamp a Date can hold. */
const LAST_DATE = 8.64e15

/** Turns a record into an observation, or says why not. Never throws. */
export class Decoder {
  readonly out: Decoded = { series: '', ts: 0, value: 0 }
  /** Of the observation in `out`; NaN = missing, as is whatever is no finite number. */
  readonly covariates: Float64Array
  /** More about the latest reason, for a person to read. */
  detail = ''
  private readonly values: ValueFormat
  private readonly seriesPath: readonly string[]
  private readonly tsPath: readonly string[]
  private readonly valuePath: readonly string[]
  private readonly covariatePaths: readonly (readonly string[])[]
  private readonly utf8 = new TextDecoder('utf-8', { fatal: true })

  /**
   * @param lookup where the schemas of values in Avro or JSON Schema are asked for
   * @param vocabulary values are symbols of it, and it takes up new ones; `null`: they are numbers
   */
  constructor(
    private readonly options: DecodeOptions,
    lookup: SchemaLookup | null = null,
    private readonly vocabulary: Vocabulary | null = null,
  ) {
    const path = (dotted: string): string[] => (dotted === '' ? [] : dotted.split('.'))
    const { input } = options.encoding
    // A raw value has no fields.
    const fields = input === 'raw' || input === 'raw-double' ? RAW_FIELDS : options.fields
    this.seriesPath = path(fields.series)
    this.tsPath = path(fields.ts)
    this.valuePath = path(fields.value)
    const { covariates = [] } = options
    this.covariatePaths = covariates.map((name) => [...path(fields.covariates ?? 'covariates'), name])
    this.covariates = new Float64Array(covariates.length)
    const named = this.seriesPath.length === 0 ? [] : [this.seriesPath]
    const paths = [this.tsPath, this.valuePath, ...named, ...this.covariatePaths]
    this.values = valueFormat(input, wantedOf(paths), lookup)
  }

  /**
   * To be awaited before these records are decoded: fetches the schemas they need that are not known yet. Undefined,
   * as nearly always, where there is nothing to wait for. Rejects while the registry cannot be asked.
   */
  prepare(records: readonly { readonly value: Uint8Array | null }[]): Promise<void> | undefined {
    return this.values.prepare(records)
  }

  /** `null`: `out` holds the observation. A tombstone: `out.series` says whose. */
  decode(
    key: Uint8Array | null,
    value: Uint8Array | null,
    arrival: number,
  ): RejectReason | typeof TOMBSTONE | null {
    const { limits } = this.options
    if (key !== null && key.byteLength > limits.maxKeyBytes) {
      return this.because('too-large', `key of ${key.byteLength} bytes`)
    }
    if (value === null) return this.tombstone(key)
    if (value.byteLength > limits.maxValueBytes) {
      return this.because('too-large', `value of ${value.byteLength} bytes`)
    }
    let json: unknown
    let keyText: string
    try {
      json = this.values.read(value, arrival)
      keyText = key === null ? '' : this.utf8.decode(key)
    } catch (error) {
      const reason = error instanceof UnknownSchema ? 'unknown-schema' : 'undecodable'
      return this.because(reason, messageOf(error))
    }
    if (typeof json !== 'object' || json === null) {
      return this.because('undecodable', 'not an object with fields')
    }
    const series = this.seriesPath.length === 0 ? keyText : at(json, this.seriesPath)
    if (
      (typeof series !== 'string' && typeof series !== 'number' && typeof series !== 'bigint') ||
      series === ''
    ) {
      return this.because('missing-series', this.seriesPath.length === 0 ? 'no key' : shown(series))
    }
    this.out.series = String(series)
    if (this.out.series.length > limits.maxKeyBytes) {
      return this.because('too-large', `series of ${this.out.series.length} characters`)
    }
    const rawTs = at(json, this.tsPath)
    if (rawTs === undefined || rawTs === null) return this.because('missing-ts', shown(rawTs))
    const ts = typeof rawTs === 'number' ? rawTs : typeof rawTs === 'string' ? parseTimestamp(rawTs) : NaN
    if (!(Math.abs(ts) <= LAST_DATE)) return this.because('bad-ts', shown(rawTs))
    if (ts > arrival + limits.maxAhead) return this.because('too-far-ahead', shown(rawTs))
    const found = at(json, this.valuePath)
    this.out.ts = Math.floor(ts)
    for (let c = 0; c < this.covariatePaths.length; c++) {
      this.covariates[c] = covariateOf(at(json, this.covariatePaths[c]!)) ?? NaN
    }
    return this.vocabulary === null ? this.takeNumber(found) : this.takeSymbol(found, this.vocabulary)
  }

  private takeNumber(found: unknown): RejectReason | null {
    const { minValue, maxValue } = this.options.limits
    // Avro has NaN, and integers beyond 2^53.
    const value = typeof found === 'bigint' ? Number(found) : found !== found ? null : found
    if (value !== null && typeof value !== 'number') return this.because('bad-value', shown(value))
    if (value !== null && !(value >= minValue && value <= maxValue))
      return this.because('out-of-range', shown(value))
    this.out.value = value ?? NaN
    return null
  }

  private takeSymbol(found: unknown, vocabulary: Vocabulary): RejectReason | null {
    if (found !== null && (typeof found !== 'string' || found === '')) {
      return this.because('bad-value', `${shown(found)}, where a symbol is a text that is not empty`)
    }
    if (found !== null && found.length > this.options.symbols.maxLength) {
      return this.because('too-large', `symbol of ${found.length} characters`)
    }
    this.out.value = found === null ? NaN : vocabulary.take(found)
    return null
  }

  /** Without a value, only the key can name the series. */
  private tombstone(key: Uint8Array | null): RejectReason | typeof TOMBSTONE {
    if (this.seriesPath.length > 0) return this.because('missing-series', 'no value to find it in')
    try {
      this.out.series = key === null ? '' : this.utf8.decode(key)
    } catch (error) {
      return this.because('undecodable', messageOf(error))
    }
    return this.out.series === '' ? this.because('missing-series', 'no key') : TOMBSTONE
  }

  private because(reason: RejectReason, detail: string): RejectReason {
    this.detail = detail
    return reason
  }
}

/** `null`: no usable number. */
export function covariateOf(found: unknown): number | null {
  const value = typeof found === 'bigint' ? Number(found) : found
  return typeof value === 'number' && Math.abs(value) <= LARGEST_COVARIATE ? value : null
}

/** Of a detail: it travels in a header. */
const LONGEST_DETAIL = 200

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, LONGEST_DETAIL)
}

/** A value that was found where another was expected. */
function shown(value: unknown): string {
  if (value === undefined) return 'nothing there'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  return (typeof value === 'bigint' ? String(value) : JSON.stringify(value)).slice(0, LONGEST_DETAIL)
}

function at(json: unknown, path: readonly string[]): unknown {
  let node = json
  for (const name of path) {
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, name)) return undefined
    node = (node as Record<string, unknown>)[name]
  }
  return node
}
