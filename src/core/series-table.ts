import { F64, F64_WIDTH, FLAGS, type StateLayout } from './layout.js'

/**
 * The states of one partition's series, a row (slot) each, in two growing arrays. The hidden states live apart, on
 * shared memory, because another thread steps them; they have the same slots.
 */
export class SeriesTable {
  capacity: number
  /** [capacity, layout.width] */
  f32: Float32Array
  /** [capacity, F64_WIDTH] */
  f64: Float64Array

  constructor(
    readonly layout: StateLayout,
    capacity: number,
  ) {
    this.capacity = capacity
    this.f32 = new Float32Array(capacity * layout.width)
    this.f64 = new Float64Array(capacity * F64_WIDTH)
  }

  grow(capacity: number): void {
    if (capacity <= this.capacity) return
    const f32 = new Float32Array(capacity * this.layout.width)
    const f64 = new Float64Array(capacity * F64_WIDTH)
    f32.set(this.f32)
    f64.set(this.f64)
    this.f32 = f32
    this.f64 = f64
    this.capacity = capacity
  }

  /** Makes a slot that of a series never seen: no observation, no open forecast, neutral width factors. */
  reset(slot: number): void {
    const { layout } = this
    const at = slot * layout.width
    const wide = slot * F64_WIDTH
    this.f32.fill(0, at, at + layout.width)
    this.f32.fill(1, at + layout.widths, at + layout.recentErrors)
    this.forgetOpen(slot)
    for (let c = 0; c < layout.covariateNames.length; c++) {
      const ring = at + layout.covariates + c * layout.covariateWidth
      this.f32.fill(NaN, ring, ring + layout.ringSize)
    }
    if (layout.kind !== 'symbols') this.f32[at + layout.anomaly] = NaN
    this.f64.fill(0, wide, wide + F64_WIDTH)
    this.f64[wide + F64.index] = NaN
    this.f64[wide + F64.due] = NaN
    this.f64[wide + F64.offset] = -1
    this.f64[wide + F64.openIndex] = NaN
    this.f64[wide + F64.anomaly] = NaN
  }

  /** Drops the forecasts that wait for their targets. */
  forgetOpen(slot: number): void {
    const at = slot * this.layout.width
    this.f32.fill(NaN, at + (this.layout.open[0] ?? this.layout.width), at + this.layout.width)
  }

  /** Notes whether what lies at a position of the ring was observed, or else filled in. */
  mark(slot: number, position: number, observed: boolean): void {
    const word = Math.floor(position / FLAGS)
    const at = slot * this.layout.width + this.layout.observed + word
    const flag = 1 << (position - word * FLAGS)
    this.f32[at] = observed ? this.f32[at]! | flag : this.f32[at]! & ~flag
  }

  wasObserved(slot: number, position: number): boolean {
    const word = Math.floor(position / FLAGS)
    const flags = this.f32[slot * this.layout.width + this.layout.observed + word]!
    return (flags & (1 << (position - word * FLAGS))) !== 0
  }

  /** Scale of now: a forecast q of the network means mean + scale · q. */
  mean(slot: number): number {
    return this.f64[slot * F64_WIDTH + F64.mean]!
  }

  scale(slot: number): number {
    const at = slot * F64_WIDTH
    return scaleOf(this.layout, this.f64[at + F64.spread]!, this.f64[at + F64.meanAbs]!)
  }
}

/** Smaller values have no digits in a Float32 ring: a series of them is as good as zero, and 1 / scale must be finite. */
const LEAST_SCALE = 1e-30

/** `s`, never below 0.1 % of the mean |x|; 1 where a series has been zero throughout. */
export function scaleOf(layout: StateLayout, spread: number, meanAbs: number): number {
  const s = layout.kind === 'walk' ? spread : Math.sqrt(spread)
  const scale = Math.max(s, 1e-3 * meanAbs)
  return scale > LEAST_SCALE ? scale : 1
}
