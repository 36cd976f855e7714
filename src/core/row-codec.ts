import { F64, F64_WIDTH } from './layout.js'
import type { SeriesTable } from './series-table.js'

/**
 * A series' state as bytes: Float64 part, Float32 part, hidden state, each little-endian as in memory (the platforms
 * Node runs on are). The partition's meta says which layout they were written with.
 */
export class RowCodec {
  readonly bytes: number
  private readonly wide = F64_WIDTH * 8
  private readonly narrow: number

  constructor(
    private readonly table: SeriesTable,
    private readonly hiddenSize: number,
  ) {
    this.narrow = table.layout.width * 4
    this.bytes = this.wide + this.narrow + hiddenSize * 4
  }

  /** @param hidden [capacity, hiddenSize] */
  write(slot: number, hidden: Float32Array): Uint8Array {
    const { f32, f64, layout } = this.table
    const out = new Uint8Array(this.bytes)
    out.set(bytesOf(f64, slot * F64_WIDTH, F64_WIDTH), 0)
    out.set(bytesOf(f32, slot * layout.width, layout.width), this.wide)
    out.set(bytesOf(hidden, slot * this.hiddenSize, this.hiddenSize), this.wide + this.narrow)
    return out
  }

  /** False where the bytes are of another size: written with another configuration. */
  read(slot: number, hidden: Float32Array, bytes: Uint8Array): boolean {
    if (bytes.byteLength !== this.bytes) return false
    const { f32, f64, layout } = this.table
    bytesOf(f64, slot * F64_WIDTH, F64_WIDTH).set(bytes.subarray(0, this.wide))
    bytesOf(f32, slot * layout.width, layout.width).set(bytes.subarray(this.wide, this.wide + this.narrow))
    bytesOf(hidden, slot * this.hiddenSize, this.hiddenSize).set(bytes.subarray(this.wide + this.narrow))
    return true
  }

  /** Time stamp (ms) of the newest observation in a written row; NaN where the row is of another size. */
  newest(bytes: Uint8Array): number {
    if (bytes.byteLength !== this.bytes) return NaN
    return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(F64.ts * 8, true)
  }

  /** Observations in a written row; NaN where the row is of another size. */
  observed(bytes: Uint8Array): number {
    if (bytes.byteLength !== this.bytes) return NaN
    return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(F64.count * 8, true)
  }

  /** Whether a written row has an aggregation interval open. */
  isOpen(bytes: Uint8Array): boolean {
    if (bytes.byteLength !== this.bytes) return false
    const index = new DataView(bytes.buffer, bytes.byteOffset).getFloat64(F64.openIndex * 8, true)
    return index === index
  }
}

function bytesOf(array: Float32Array | Float64Array, at: number, length: number): Uint8Array {
  const width = array.BYTES_PER_ELEMENT
  return new Uint8Array(array.buffer, array.byteOffset + at * width, length * width)
}
