/**
 * Avro schemas, by the Apache Avro 1.11 specification, "Schema Declaration": parsed once into a graph that reading and
 * writing walk along. Named types are looked up by their full names; a graph may lead back to itself.
 */
export type AvroType =
  | { readonly kind: 'null' | 'boolean' | 'float' | 'double' | 'string' }
  /** `ms`: milliseconds in one unit of a date or time stamp; absent where it is a plain number. */
  | { readonly kind: 'int' | 'long'; readonly ms?: number }
  /** `scale`: decimal places of the big-endian integer in it; absent where the bytes are bytes. */
  | { readonly kind: 'bytes'; readonly scale?: number }
  | { readonly kind: 'fixed'; readonly size: number; readonly scale?: number }
  | { readonly kind: 'enum'; readonly symbols: readonly string[] }
  | { readonly kind: 'array' | 'map'; readonly items: AvroType }
  | { readonly kind: 'union'; readonly branches: readonly AvroType[] }
  | { readonly kind: 'record'; readonly name: string; readonly fields: readonly AvroField[] }

export interface AvroField {
  readonly name: string
  readonly type: AvroType
  /** As in the schema; undefined where the field has none. */
  readonly default?: unknown
}

export class AvroError extends Error {
  override readonly name = 'AvroError'
}

/** Deeper nesting, of a schema or of data, is refused: it would only be there to exhaust the stack. */
export const DEEPEST = 64

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
/** Logical types that are points in time: milliseconds per unit. */
const TIMES: Readonly<Record<string, number>> = {
  date: 86_400_000,
  'timestamp-millis': 1,
  'timestamp-micros': 1e-3,
  'timestamp-nanos': 1e-6,
  'local-timestamp-millis': 1,
  'local-timestamp-micros': 1e-3,
  'local-timestamp-nanos': 1e-6,
}

/**
 * @param text JSON of the schema
 * @param references JSON of the schemas it refers to by name, each after those it refers to itself
 */
export function parseAvroSchema(text: string, references: readonly string[] = []): AvroType {
  const parser = new Parser()
  for (const reference of references) parser.parse(json(reference), '', 0)
  return parser.parse(json(text), '', 0)
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // An Avro schema that is one word may come without quotes.
    return text.trim()
  }
}

class Parser {
  private readonly named = new Map<string, AvroType>()

  parse(schema: unknown, namespace: string, depth: number): AvroType {
    if (depth > DEEPEST) throw new AvroError('the schema is nested too deeply')
    if (typeof schema === 'string') return this.byName(schema, namespace)
    if (Array.isArray(schema)) {
      return { kind: 'union', branches: schema.map((branch) => this.parse(branch, namespace, depth + 1)) }
    }
    if (typeof schema !== 'object' || schema === null)
      throw new AvroError('the schema has a part that is none')
    const node = schema as Readonly<Record<string, unknown>>
    const { type, logicalType } = node
    switch (type) {
      case 'int':
      case 'long': {
        const ms = typeof logicalType === 'string' ? TIMES[logicalType] : undefined
        return { kind: type, ...(ms === undefined ? {} : { ms }) }
      }
      case 'bytes':
        return { kind: 'bytes', ...scaleOf(node) }
      case 'array':
        return { kind: 'array', items: this.parse(node['items'], namespace, depth + 1) }
      case 'map':
        return { kind: 'map', items: this.parse(node['values'], namespace, depth + 1) }
      case 'enum':
        return this.define(node, namespace, { kind: 'enum', symbols: texts(node['symbols']) })
      case 'fixed':
        return this.define(node, namespace, { kind: 'fixed', size: sizeOf(node['size']), ...scaleOf(node) })
      case 'record':
      case 'error':
        return this.record(node, namespace, depth)
      default:
        return this.parse(type, namespace, depth + 1)
    }
  }

  private record(node: Readonly<Record<string, unknown>>, namespace: string, depth: number): AvroType {
    const fields: AvroField[] = []
    const full = fullName(node, namespace)
    const type: AvroType = { kind: 'record', name: full, fields }
    this.named.set(full, type)
    const inner = full.includes('.') ? full.slice(0, full.lastIndexOf('.')) : ''
    if (!Array.isArray(node['fields'])) throw new AvroError(`record ${full} has no fields`)
    for (const raw of node['fields'] as readonly unknown[]) {
      const field = (typeof raw === 'object' && raw !== null ? raw : {}) as Readonly<Record<string, unknown>>
      const { name } = field
      if (typeof name !== 'string' || !NAME.test(name) || name === '__proto__') {
        throw new AvroError(`record ${full} has a field with the name ${JSON.stringify(name)}`)
      }
      fields.push({
        name,
        type: this.parse(field['type'], inner, depth + 1),
        ...('default' in field ? { default: field['default'] } : {}),
      })
    }
    return type
  }

  private define(node: Readonly<Record<string, unknown>>, namespace: string, type: AvroType): AvroType {
    this.named.set(fullName(node, namespace), type)
    return type
  }

  private byName(name: string, namespace: string): AvroType {
    switch (name) {
      case 'null':
      case 'boolean':
      case 'int':
      case 'long':
      case 'float':
      case 'double':
      case 'bytes':
      case 'string':
        return { kind: name }
    }
    const found = this.named.get(namespace === '' ? name : `${namespace}.${name}`) ?? this.named.get(name)
    if (found === undefined) throw new AvroError(`the schema names a type ${name} that it does not define`)
    return found
  }
}

function fullName(node: Readonly<Record<string, unknown>>, enclosing: string): string {
  const { name, namespace } = node
  if (typeof name !== 'string') throw new AvroError('the schema has a named type without a name')
  if (name.includes('.')) return name
  const space = typeof namespace === 'string' ? namespace : enclosing
  return space === '' ? name : `${space}.${name}`
}

function scaleOf({ logicalType, scale = 0 }: Readonly<Record<string, unknown>>): { scale?: number } {
  return logicalType === 'decimal' && Number.isInteger(scale) ? { scale: Number(scale) } : {}
}

function sizeOf(size: unknown): number {
  if (!Number.isSafeInteger(size) || Number(size) < 0) throw new AvroError('a fixed type has no size')
  return Number(size)
}

function texts(symbols: unknown): readonly string[] {
  if (Array.isArray(symbols) && symbols.every((symbol) => typeof symbol === 'string')) return symbols
  throw new AvroError('an enum has no symbols')
}
