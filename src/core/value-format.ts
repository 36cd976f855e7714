import { readAvro, type Wanted } from './avro/read.js'
import { parseAvroSchema, type AvroType } from './avro/schema.js'

/** How the values of a topic are written. `raw` is a number as text, `raw-double` one of 8 bytes, big-endian. */
export type InputEncoding = 'json' | 'avro' | 'json-schema' | 'raw' | 'raw-double'

/** A schema as a registry keeps it. */
export interface RegisteredSchema {
  readonly type: 'avro' | 'json-schema' | 'other'
  readonly text: string
  /** Schemas it refers to, each after those it refers to itself. */
  readonly references: readonly string[]
}

/** A registry's answer to an id; `null`: it knows none such. Rejects while it cannot be asked. */
export type SchemaLookup = (id: number) => Promise<RegisteredSchema | null>

/** Thrown by `read`: the schema of a value is not to be had. */
export class UnknownSchema extends Error {}

/** Turns a record's value into plain data. */
export interface ValueFormat {
  /**
   * Fetches the schemas that these values are written with and that are not known yet. Once for a batch, before it is
   * decoded; undefined where there is nothing to wait for, which is the rule.
   */
  prepare(records: readonly { readonly value: Uint8Array | null }[]): Promise<void> | undefined
  /** Throws for bytes that are no such value. */
  read(value: Uint8Array, arrival: number): unknown
}

/** @param lookup needed by the encodings that have schemas */
export function valueFormat(
  encoding: InputEncoding,
  wanted: Wanted,
  lookup: SchemaLookup | null,
): ValueFormat {
  switch (encoding) {
    case 'json':
      return { prepare: () => undefined, read: readJson }
    case 'raw':
      return { prepare: () => undefined, read: readText }
    case 'raw-double':
      return { prepare: () => undefined, read: readDouble }
    case 'avro':
    case 'json-schema':
      if (lookup === null) throw new TypeError(`values in ${encoding} take a schema registry`)
      return new FramedFormat(encoding, wanted, lookup)
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true })

function readJson(value: Uint8Array): unknown {
  return JSON.parse(UTF8.decode(value))
}

/** JSON's numbers, with room around them, and what stands for a missing one. */
const NUMBER = /^-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/
const MISSING = /^(null|nan)?$/i

function readText(value: Uint8Array, arrival: number): unknown {
  const text = UTF8.decode(value).trim()
  if (MISSING.test(text)) return { ts: arrival, value: null }
  return { ts: arrival, value: NUMBER.test(text) ? Number(text) : text }
}

function readDouble(value: Uint8Array, arrival: number): unknown {
  if (value.length !== 8) throw new RangeError(`${value.length} bytes, not 8`)
  const number = new DataView(value.buffer, value.byteOffset).getFloat64(0)
  return { ts: arrival, value: number === number ? number : null }
}

/** Confluent's frame: a zero byte, the schema's id (u32, big-endian), then the value. */
export const FRAME_BYTES = 5
/** Confluent's frame, without its value. */
export function frameOf(id: number): Buffer {
  const frame = Buffer.alloc(FRAME_BYTES)
  frame.writeUInt32BE(id, 1)
  return frame
}

/** Schemas kept by one reader; a topic has a handful. */
const MOST_SCHEMAS = 1000

type Reader = (value: Uint8Array) => unknown

class FramedFormat implements ValueFormat {
  private readonly readers = new Map<number, Reader | string>()

  constructor(
    private readonly encoding: 'avro' | 'json-schema',
    private readonly wanted: Wanted,
    private readonly lookup: SchemaLookup,
  ) {}

  prepare(records: readonly { readonly value: Uint8Array | null }[]): Promise<void> | undefined {
    let missing: Set<number> | undefined
    for (const { value } of records) {
      const id = value === null ? -1 : idOf(value)
      if (id >= 0 && !this.readers.has(id)) (missing ??= new Set()).add(id)
    }
    if (missing === undefined) return undefined
    if (this.readers.size >= MOST_SCHEMAS) {
      // Begun anew, with all that this batch needs.
      this.readers.clear()
      return this.prepare(records)
    }
    return this.fetch(missing)
  }

  read(value: Uint8Array): unknown {
    const id = idOf(value)
    if (id < 0) throw new RangeError(`no schema id before the value: it does not begin with a zero byte`)
    const reader = this.readers.get(id)
    if (reader === undefined || typeof reader === 'string') {
      throw new UnknownSchema(`schema ${id}: ${reader ?? 'not in the registry'}`)
    }
    return reader(value)
  }

  private async fetch(ids: ReadonlySet<number>): Promise<void> {
    for (const id of ids) {
      const schema = await this.lookup(id)
      // An id that is unknown now may be registered later: it is asked for again with the next batch.
      if (schema !== null) this.readers.set(id, this.readerOf(schema))
    }
  }

  private readerOf({ type, text, references }: RegisteredSchema): Reader | string {
    if (type !== this.encoding) return `of type ${type}, not ${this.encoding}`
    if (type === 'json-schema') return (value) => readJson(value.subarray(FRAME_BYTES))
    let parsed: AvroType
    try {
      parsed = parseAvroSchema(text, references)
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
    return (value) => readAvro(parsed, value, FRAME_BYTES, this.wanted)
  }
}

/** −1 where the value is not framed. */
function idOf(value: Uint8Array): number {
  if (value.length < FRAME_BYTES || value[0] !== 0) return -1
  return ((value[1]! << 24) | (value[2]! << 16) | (value[3]! << 8) | value[4]!) >>> 0
}
