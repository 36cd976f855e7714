import { AvroError, DEEPEST, type AvroType } from './schema.js'

/**
 * What to read of a record: all of a value, or fields of it by name. What is not wanted is stepped over.
 */
export type Wanted = true | ReadonlyMap<string, Wanted>

/** Dotted paths as what is wanted of a value. */
export function wantedOf(paths: readonly (readonly string[])[]): Wanted {
  if (paths.some((path) => path.length === 0)) return true
  const names = new Set(paths.map((path) => path[0]!))
  return new Map(
    [...names].map((name) => [
      name,
      wantedOf(paths.filter((path) => path[0] === name).map((path) => path.slice(1))),
    ]),
  )
}

/**
 * A value in Avro's binary encoding, by the specification of Apache Avro 1.11, as plain data: unions as the value of
 * their branch, dates and time stamps as milliseconds, decimals as numbers, integers beyond 2^53 as BigInt. Throws an
 * `AvroError` for bytes that are no such value; never reads outside them, and takes no longer than their number allows.
 */
export function readAvro(type: AvroType, bytes: Uint8Array, at: number, wanted: Wanted): unknown {
  const cursor = new Cursor(bytes, at)
  const value = read(type, cursor, wanted, 0)
  if (cursor.left > 0) throw new AvroError(`${cursor.left} bytes behind the end of the value`)
  return value
}

function read(type: AvroType, cursor: Cursor, wanted: Wanted, depth: number): unknown {
  if (depth > DEEPEST) throw new AvroError('nested too deeply')
  switch (type.kind) {
    case 'null':
      return null
    case 'boolean':
      return cursor.byte() !== 0
    case 'int':
    case 'long': {
      const value = cursor.long()
      return type.ms === undefined ? value : inMs(value, type.ms)
    }
    case 'float':
      return cursor.float()
    case 'double':
      return cursor.double()
    case 'string':
      return cursor.text()
    case 'bytes':
      return type.scale === undefined
        ? cursor.take(cursor.size())
        : decimal(cursor.take(cursor.size()), type.scale)
    case 'fixed':
      return type.scale === undefined ? cursor.take(type.size) : decimal(cursor.take(type.size), type.scale)
    case 'enum':
      return pick(type.symbols, cursor.long())
    case 'union':
      return read(pick(type.branches, cursor.long()), cursor, wanted, depth + 1)
    case 'array': {
      const items: unknown[] = []
      for (let n = cursor.block(); n > 0; n = cursor.block()) {
        for (; n > 0; n--) items.push(read(type.items, cursor, true, depth + 1))
      }
      return items
    }
    case 'map': {
      const entries = Object.create(null) as Record<string, unknown>
      for (let n = cursor.block(); n > 0; n = cursor.block()) {
        for (; n > 0; n--) {
          const key = cursor.text()
          entries[key] = read(type.items, cursor, true, depth + 1)
        }
      }
      return entries
    }
    case 'record': {
      const fields: Record<string, unknown> = {}
      for (const field of type.fields) {
        const inner = wanted === true ? true : wanted.get(field.name)
        if (inner === undefined) skip(field.type, cursor, depth + 1)
        else fields[field.name] = read(field.type, cursor, inner, depth + 1)
      }
      return fields
    }
  }
}

function skip(type: AvroType, cursor: Cursor, depth: number): void {
  if (depth > DEEPEST) throw new AvroError('nested too deeply')
  switch (type.kind) {
    case 'null':
      return
    case 'boolean':
      return cursor.pass(1)
    case 'int':
    case 'long':
    case 'enum':
      return cursor.passLong()
    case 'float':
      return cursor.pass(4)
    case 'double':
      return cursor.pass(8)
    case 'string':
    case 'bytes':
      return cursor.pass(cursor.size())
    case 'fixed':
      return cursor.pass(type.size)
    case 'union':
      return skip(pick(type.branches, cursor.long()), cursor, depth + 1)
    case 'array':
    case 'map':
      for (let n = cursor.block(); n > 0; n = cursor.block()) {
        for (; n > 0; n--) {
          if (type.kind === 'map') cursor.pass(cursor.size())
          skip(type.items, cursor, depth + 1)
        }
      }
      return
    case 'record':
      for (const field of type.fields) skip(field.type, cursor, depth + 1)
  }
}

function pick<T>(choices: readonly T[], index: number | bigint): T {
  const chosen = choices[Number(index)]
  if (chosen === undefined) throw new AvroError(`choice ${index} of ${choices.length}`)
  return chosen
}

function inMs(value: number | bigint, ms: number): number {
  // Nanoseconds of today need more digits than a double has; whole milliseconds do not.
  if (typeof value === 'bigint')
    return ms < 1 ? Number(value / BigInt(Math.round(1 / ms))) : Number(value) * ms
  return ms < 1 ? value / Math.round(1 / ms) : value * ms
}

function decimal(bytes: Uint8Array, scale: number): number {
  if (bytes.length > 64) throw new AvroError(`a decimal of ${bytes.length} bytes`)
  let unscaled = 0n
  for (const byte of bytes) unscaled = (unscaled << 8n) | BigInt(byte)
  return Number(BigInt.asIntN(8 * bytes.length, unscaled)) / 10 ** scale
}

const UTF8 = new TextDecoder('utf-8', { fatal: true })

/** Items of a value that may take no bytes. */
const SOME = 1000

class Cursor {
  private readonly view: DataView
  /** Items that arrays and maps may still have. Beyond one a byte they are made from nothing: nulls, empty records. */
  private items: number

  constructor(
    private readonly bytes: Uint8Array,
    private at: number,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.items = bytes.length + SOME
  }

  get left(): number {
    return this.bytes.length - this.at
  }

  pass(count: number): void {
    if (count > this.left) throw new AvroError('the value ends early')
    this.at += count
  }

  take(count: number): Uint8Array {
    const start = this.at
    this.pass(count)
    return this.bytes.subarray(start, this.at)
  }

  byte(): number {
    this.pass(1)
    return this.bytes[this.at - 1]!
  }

  float(): number {
    this.pass(4)
    return this.view.getFloat32(this.at - 4, true)
  }

  double(): number {
    this.pass(8)
    return this.view.getFloat64(this.at - 8, true)
  }

  text(): string {
    const bytes = this.take(this.size())
    try {
      return UTF8.decode(bytes)
    } catch {
      throw new AvroError('a text that is not UTF-8')
    }
  }

  /** Zigzag, seven bits a byte, the lowest first. */
  long(): number | bigint {
    const start = this.at
    let raw = 0
    for (let factor = 1; factor < 2 ** 49; factor *= 128) {
      const byte = this.byte()
      raw += (byte & 0x7f) * factor
      if (byte < 0x80) return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2
    }
    this.at = start
    return this.wideLong()
  }

  private wideLong(): number | bigint {
    let raw = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte()
      raw |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) {
        const value = BigInt.asIntN(64, (raw >> 1n) ^ -(raw & 1n))
        return Number.isSafeInteger(Number(value)) ? Number(value) : value
      }
    }
    throw new AvroError('a number of more than ten bytes')
  }

  passLong(): void {
    for (let i = 0; i < 10; i++) if (this.byte() < 0x80) return
    throw new AvroError('a number of more than ten bytes')
  }

  size(): number {
    const size = this.long()
    if (typeof size === 'bigint' || size < 0) throw new AvroError(`a length of ${size}`)
    return size
  }

  /** Items in the next block of an array or a map; 0 at its end. */
  block(): number {
    let count = this.long()
    if (count < 0) {
      count = -count
      this.size()
    }
    if (typeof count === 'bigint' || count > this.items) throw new AvroError(`${count} items in less bytes`)
    this.items -= count
    return count
  }
}
