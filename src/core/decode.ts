import { parseTimestamp } from './timestamp.js'

/** Why a record was not used. A closed list: it labels a metric and stands in the dead letter's header. */
export const REJECT_REASONS = [
  'too-large',
  'undecodable',
  'missing-series',
  'missing-ts',
  'bad-ts',
  'bad-value',
  'out-of-range',
  'too-far-ahead',
  'late',
  'duplicate',
] as const
export type RejectReason = (typeof REJECT_REASONS)[number]

export interface DecodeOptions {
  readonly fields: { readonly series: string; readonly ts: string; readonly value: string }
  readonly limits: {
    readonly minValue: number
    readonly maxValue: number
    readonly maxAhead: number
    readonly maxKeyBytes: number
    readonly maxValueBytes: number
  }
}

/** Result of `Decoder.decode`, reused from record to record. */
export interface Decoded {
  series: string
  ts: number
  /** NaN = known to be missing. */
  value: number
}

/** Largest time stamp a Date can hold. */
const LAST_DATE = 8.64e15

/** Turns a record into an observation, or says why not. Never throws. */
export class Decoder {
  readonly out: Decoded = { series: '', ts: 0, value: 0 }
  private readonly seriesPath: readonly string[]
  private readonly tsPath: readonly string[]
  private readonly valuePath: readonly string[]
  private readonly utf8 = new TextDecoder('utf-8', { fatal: true })

  constructor(private readonly options: DecodeOptions) {
    const path = (dotted: string): string[] => (dotted === '' ? [] : dotted.split('.'))
    this.seriesPath = path(options.fields.series)
    this.tsPath = path(options.fields.ts)
    this.valuePath = path(options.fields.value)
  }

  /** `null`: `out` holds the observation. */
  decode(key: Uint8Array | null, value: Uint8Array | null, arrival: number): RejectReason | null {
    const { limits } = this.options
    if (value === null) return 'undecodable'
    if (value.byteLength > limits.maxValueBytes || (key !== null && key.byteLength > limits.maxKeyBytes)) {
      return 'too-large'
    }
    let json: unknown
    let keyText: string
    try {
      json = JSON.parse(this.utf8.decode(value))
      keyText = key === null ? '' : this.utf8.decode(key)
    } catch {
      return 'undecodable'
    }
    if (typeof json !== 'object' || json === null) return 'undecodable'
    const series = this.seriesPath.length === 0 ? keyText : at(json, this.seriesPath)
    if ((typeof series !== 'string' && typeof series !== 'number') || series === '') return 'missing-series'
    this.out.series = String(series)
    if (this.out.series.length > limits.maxKeyBytes) return 'too-large'
    const rawTs = at(json, this.tsPath)
    if (rawTs === undefined || rawTs === null) return 'missing-ts'
    const ts = typeof rawTs === 'number' ? rawTs : typeof rawTs === 'string' ? parseTimestamp(rawTs) : NaN
    if (!(Math.abs(ts) <= LAST_DATE)) return 'bad-ts'
    if (ts > arrival + limits.maxAhead) return 'too-far-ahead'
    const rawValue = at(json, this.valuePath)
    if (rawValue !== null && typeof rawValue !== 'number') return 'bad-value'
    if (rawValue !== null && !(rawValue >= limits.minValue && rawValue <= limits.maxValue))
      return 'out-of-range'
    this.out.ts = Math.floor(ts)
    this.out.value = rawValue ?? NaN
    return null
  }
}

function at(json: unknown, path: readonly string[]): unknown {
  let node = json
  for (const name of path) {
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, name)) return undefined
    node = (node as Record<string, unknown>)[name]
  }
  return node
}
