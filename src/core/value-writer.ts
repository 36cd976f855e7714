import { AvroError, parseAvroSchema } from './avro/schema.js'
import { AvroWriter } from './avro/write.js'
import { parseTimestamp } from './timestamp.js'
import { frameOf, type InputEncoding, type RegisteredSchema } from './value-format.js'

/** What a subject's values are written with: its latest schema. */
export interface SubjectSchema {
  readonly id: number
  readonly schema: RegisteredSchema
}

/** Thrown for a value that the topic's encoding or schema does not hold; says why. */
export class UnfitValue extends Error {}

export interface WrittenValue {
  readonly value: Uint8Array
  /** ms; where the encoding has no place for the time but that of the record. */
  readonly timestamp?: number
}

/** Writes an observation that came as JSON in the encoding of a topic. Throws `UnfitValue`. */
export type ValueWriter = (json: string) => WrittenValue

/** @param subject of the topic's values, for the encodings that have schemas */
export function valueWriter(encoding: InputEncoding, subject: SubjectSchema | null): ValueWriter {
  switch (encoding) {
    case 'json':
      return (json) => ({ value: Buffer.from(json) })
    case 'raw':
      return (json) => {
        const { value, ...rest } = rawOf(json)
        return { value: Buffer.from(String(value)), ...rest }
      }
    case 'raw-double':
      return (json) => {
        const { value, ...rest } = rawOf(json)
        const bytes = Buffer.alloc(8)
        bytes.writeDoubleBE(value ?? NaN)
        return { value: bytes, ...rest }
      }
    case 'avro':
    case 'json-schema':
      return framedWriter(encoding, subject)
  }
}

function framedWriter(encoding: 'avro' | 'json-schema', subject: SubjectSchema | null): ValueWriter {
  if (subject === null) throw new UnfitValue(`values in ${encoding} take a schema`)
  const { id, schema } = subject
  if (schema.type !== encoding) throw new UnfitValue(`its schema is of type ${schema.type}, not ${encoding}`)
  const frame = frameOf(id)
  if (encoding === 'json-schema') return (json) => ({ value: Buffer.concat([frame, Buffer.from(json)]) })
  const writer = new AvroWriter(fitting(() => parseAvroSchema(schema.text, schema.references)))
  return (json) => ({ value: fitting(() => writer.write(JSON.parse(json), frame)) })
}

function fitting<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw error instanceof AvroError ? new UnfitValue(error.message, { cause: error }) : error
  }
}

/** A number or null, or an observation `{"ts","value"}`, whose time becomes that of the record. */
function rawOf(json: string): { readonly value: number | null; readonly timestamp?: number } {
  const given: unknown = JSON.parse(json)
  if (typeof given === 'number' || given === null) return { value: given }
  const { ts, value } = given as { readonly ts?: unknown; readonly value?: unknown }
  if (typeof value !== 'number' && value !== null) throw new UnfitValue('no number or null at "value"')
  const timestamp = typeof ts === 'string' ? parseTimestamp(ts) : ts
  if (typeof timestamp !== 'number' || !(timestamp >= 0)) {
    throw new UnfitValue('no time stamp since 1970 at "ts", for the record to have')
  }
  return { value, timestamp: Math.floor(timestamp) }
}
