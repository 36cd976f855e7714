/** The latest forecast of each slot, with its origin and the version that made it. */
export class LatestForecasts {
  /** [capacity, cells] */
  private values: Float32Array
  /** ms; NaN: none that stands. */
  private origins: Float64Array
  private makers: Int32Array

  /** @param cells floats of a forecast */
  constructor(
    capacity: number,
    private readonly cells: number,
  ) {
    this.values = new Float32Array(capacity * cells)
    this.origins = new Float64Array(capacity).fill(NaN)
    this.makers = new Int32Array(capacity)
  }

  keep(slot: number, forecast: Float64Array, origin: number, version: number): void {
    this.values.set(forecast, slot * this.cells)
    this.origins[slot] = origin
    this.makers[slot] = version
  }

  /** Writes the slot's forecast into `into`; `null` where none stands. */
  read(slot: number, into: Float64Array): { readonly ts: number; readonly version: number } | null {
    const ts = this.origins[slot]!
    if (ts !== ts) return null
    const at = slot * this.cells
    into.set(this.values.subarray(at, at + this.cells))
    return { ts, version: this.makers[slot]! }
  }

  /** No forecast of the slot stands any more. */
  drop(slot: number): void {
    this.origins[slot] = NaN
  }

  grow(capacity: number): void {
    const { values, origins, makers } = this
    this.values = new Float32Array(capacity * this.cells)
    this.origins = new Float64Array(capacity).fill(NaN)
    this.makers = new Int32Array(capacity)
    this.values.set(values)
    this.origins.set(origins)
    this.makers.set(makers)
  }
}
