import { parseTimestamp } from '../timestamp.js'
import { AvroError, DEEPEST, type AvroType } from './schema.js'

/** Writes plain data, such as `readAvro` gives, in Avro's binary encoding; the buffer grows and is reused. */
export class AvroWriter {
  private bytes = Buffer.allocUnsafe(4096)
  private at = 0

  constructor(private readonly type: AvroType) {}

  /**
   * @param prefix bytes to stand before the value
   * @returns bytes of their own. Throws an `AvroError` where the value does not fit the schema.
   */
  write(value: unknown, prefix: Uint8Array): Buffer {
    this.at = 0
    this.raw(prefix)
    this.put(this.type, value, 0)
    return Buffer.from(this.bytes.subarray(0, this.at))
  }

  private put(type: AvroType, value: unknown, depth: number): void {
    if (depth > DEEPEST) throw new AvroError('nested too deeply')
    switch (type.kind) {
      case 'null':
        if (value !== null) throw misfit(type, value)
        return
      case 'boolean':
        if (typeof value !== 'boolean') throw misfit(type, value)
        return this.raw(Uint8Array.of(value ? 1 : 0))
      case 'int':
      case 'long':
        return this.long(integer(type, value))
      case 'float':
      case 'double': {
        if (typeof value !== 'number') throw misfit(type, value)
        this.reserve(8)
        const write = type.kind === 'float' ? 'writeFloatLE' : 'writeDoubleLE'
        this.at = this.bytes[write](value, this.at)
        return
      }
      case 'string':
        return this.text(type, value)
      case 'bytes':
      case 'fixed': {
        if (!(value instanceof Uint8Array) || type.scale !== undefined) throw misfit(type, value)
        if (type.kind === 'bytes') this.long(value.length)
        else if (value.length !== type.size) throw misfit(type, value)
        return this.raw(value)
      }
      case 'enum': {
        const index = type.symbols.indexOf(String(value))
        if (index < 0) throw misfit(type, value)
        return this.long(index)
      }
      case 'union':
        return this.union(type.branches, value, depth)
      case 'array': {
        if (!isList(value)) throw misfit(type, value)
        if (value.length > 0) this.long(value.length)
        for (let i = 0; i < value.length; i++) this.put(type.items, value[i], depth + 1)
        return this.long(0)
      }
      case 'map': {
        const entries = Object.entries(objectOf(type, value))
        if (entries.length > 0) this.long(entries.length)
        for (const [key, item] of entries) {
          this.text(type, key)
          this.put(type.items, item, depth + 1)
        }
        return this.long(0)
      }
      case 'record': {
        const given = objectOf(type, value)
        for (const { name, type: inner, default: fallback } of type.fields) {
          const present = Object.hasOwn(given, name) ? given[name] : fallback
          if (present === undefined) throw new AvroError(`no field "${name}", which ${type.name} asks for`)
          this.put(inner, present, depth + 1)
        }
      }
    }
  }

  private union(branches: readonly AvroType[], value: unknown, depth: number): void {
    const start = this.at
    for (let i = 0; i < branches.length; i++) {
      try {
        this.long(i)
        return this.put(branches[i]!, value, depth + 1)
      } catch (error) {
        if (!(error instanceof AvroError)) throw error
        this.at = start
      }
    }
    throw new AvroError(`${typeof value} fits no branch of a union`)
  }

  private text(type: AvroType, value: unknown): void {
    if (typeof value !== 'string') throw misfit(type, value)
    const length = Buffer.byteLength(value)
    this.long(length)
    this.reserve(length)
    this.at += this.bytes.write(value, this.at)
  }

  private raw(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.bytes.set(bytes, this.at)
    this.at += bytes.length
  }

  /** Zigzag, seven bits a byte, the lowest first. */
  private long(value: number): void {
    this.reserve(10)
    let rest = value < 0 ? -2 * value - 1 : 2 * value
    while (rest >= 0x80) {
      this.bytes[this.at++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.bytes[this.at++] = rest
  }

  private reserve(count: number): void {
    if (this.at + count <= this.bytes.length) return
    const wider = Buffer.allocUnsafe(2 * (this.at + count))
    wider.set(this.bytes.subarray(0, this.at))
    this.bytes = wider
  }
}

/** Times are taken in milliseconds or as ISO 8601. */
function integer(type: AvroType & { readonly kind: 'int' | 'long' }, value: unknown): number {
  const { ms } = type
  let number = ms !== undefined && typeof value === 'string' ? parseTimestamp(value) : value
  if (ms !== undefined && typeof number === 'number') {
    number = Math.floor(ms < 1 ? number * Math.round(1 / ms) : number / ms)
  }
  const limit = type.kind === 'int' ? 2 ** 31 : 2 ** 52
  if (!Number.isInteger(number) || Number(number) < -limit || Number(number) >= limit)
    throw misfit(type, value)
  return Number(number)
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || value instanceof Float64Array
}

function objectOf(type: AvroType, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || isList(value)) throw misfit(type, value)
  return value as Readonly<Record<string, unknown>>
}

function misfit(type: AvroType, value: unknown): AvroError {
  return new AvroError(`${value === null ? 'null' : typeof value} where the schema has ${type.kind}`)
}
