import type { SeriesHistory } from '../../core/history.js'
import { modulo, type SeriesShape } from '../../core/layout.js'

/** Numbers per step that the network reads. */
export const WINDOW_INPUTS = 11
/** Estimates per step that it mixes; the first is linear interpolation. */
export const CANDIDATES = 5
/** Inputs and candidates further out, in units of the scale, are taken as this far. */
const LIMIT = 8

export type Season = SeriesShape['season']

/** A series whose gaps are learnt from or filled, in the unit of its own spread. */
export interface ScaledSeries {
  /** Grid index of step 0. */
  readonly start: number
  /** One per step; NaN = missing. */
  readonly values: Float64Array
  readonly mean: number
  readonly scale: number
}

/** Mean and standard deviation of the known values before step `end`; nothing after it is looked at. */
export function scaled(history: SeriesHistory, end = history.values.length): ScaledSeries {
  const values = history.values.subarray(0, end)
  let count = 0
  let mean = 0
  let squares = 0
  let size = 0
  for (const x of values) {
    if (x !== x) continue
    count++
    const d = x - mean
    mean += d / count
    squares += d * (x - mean)
    size += Math.abs(x)
  }
  const spread = count > 1 ? Math.sqrt(squares / count) : 0
  return { start: history.start, values, mean, scale: Math.max(spread, (1e-3 * size) / count) || 1 }
}

/**
 * What a network may know of a window of a series: at every step what was observed, and simple estimates of what was not.
 * Estimates at step t between the known neighbours a < t < b, with u = (t − a) / (b − a), S the mean of the nearest known
 * values one (else two) seasons before and after, and d = x − S at a and b:
 * linear x_a + u (x_b − x_a) · S of the short and of the long season · S + d_a + u (d_b − d_a) of either.
 */
export class WindowEncoder {
  private readonly value: Float64Array
  private readonly left: Int32Array
  private readonly right: Int32Array

  constructor(
    private readonly season: Season,
    readonly steps: number,
  ) {
    this.value = new Float64Array(steps)
    this.left = new Int32Array(steps)
    this.right = new Int32Array(steps)
  }

  /**
   * Fills window b of B in `inputs` [T, B, WINDOW_INPUTS] and `candidates` [T, B, CANDIDATES].
   * @param from first step of the window
   * @param hidden [T] 1 = taken for missing, anywhere it is asked for
   */
  encode(
    series: ScaledSeries,
    from: number,
    hidden: Uint8Array | null,
    { inputs, candidates }: { readonly inputs: Float32Array; readonly candidates: Float32Array },
    b: number,
    B: number,
  ): void {
    const { steps: T } = this
    const { short, long } = this.season
    const x = (t: number): number => {
      const at = t - from
      if (hidden !== null && at >= 0 && at < T && hidden[at] === 1) return NaN
      return series.values[t] ?? NaN
    }
    const seasonal = (t: number, season: number): number => {
      const near = meanOf(x(t - season), x(t + season))
      return near === near ? near : meanOf(x(t - 2 * season), x(t + 2 * season))
    }
    this.findNeighbours(x, from)
    for (let i = 0; i < T; i++) {
      const t = from + i
      const [a, c] = [this.left[i]!, this.right[i]!]
      const known = this.value[i]! === this.value[i]!
      const share = known ? 0 : (t - a) / (c - a)
      const [xa, xc] = [x(a), x(c)]
      const linear = known ? this.value[i]! : between(xa, xc, share)
      const base = linear === linear ? linear : series.mean
      const at = (i * B + b) * CANDIDATES
      candidates[at] = this.unit(series, base)
      for (const [j, season] of [short, long].entries()) {
        const s = seasonal(t, season)
        const apart = known
          ? this.value[i]!
          : s + between(xa - seasonal(a, season), xc - seasonal(c, season), share)
        const shifted = apart === apart ? apart : s
        candidates[at + 1 + j] = this.unit(series, s === s ? s : base)
        candidates[at + 3 + j] = this.unit(series, shifted === shifted ? shifted : base)
      }
      const o = (i * B + b) * WINDOW_INPUTS
      const z = candidates[at]!
      inputs[o] = z
      inputs[o + 1] = known ? 1 : 0
      for (let j = 1; j < CANDIDATES; j++) inputs[o + 1 + j] = candidates[at + j]! - z
      const phase = (2 * Math.PI * modulo(series.start + t, short)) / short
      const slow = (2 * Math.PI * modulo(series.start + t, long)) / long
      inputs[o + 6] = Math.sin(phase)
      inputs[o + 7] = Math.cos(phase)
      inputs[o + 8] = Math.sin(slow)
      inputs[o + 9] = Math.cos(slow)
      inputs[o + 10] = share
    }
  }

  /** The nearest known steps around each step, at most a window's length beyond the window; a step without one has itself. */
  private findNeighbours(x: (t: number) => number, from: number): void {
    const { steps: T, value, left, right } = this
    for (let i = 0; i < T; i++) value[i] = x(from + i)
    let last = nearest(x, from, -1, T)
    for (let i = 0; i < T; i++) {
      if (value[i]! === value[i]!) last = from + i
      left[i] = Number.isNaN(last) ? from + i : last
    }
    let next = nearest(x, from + T - 1, 1, T)
    for (let i = T - 1; i >= 0; i--) {
      if (value[i]! === value[i]!) next = from + i
      right[i] = Number.isNaN(next) ? from + i : next
    }
  }

  private unit(series: ScaledSeries, x: number): number {
    return Math.max(-LIMIT, Math.min(LIMIT, (x - series.mean) / series.scale))
  }
}

/** First known step after `from` in a direction, at most `reach` away; NaN where there is none. */
function nearest(x: (t: number) => number, from: number, direction: 1 | -1, reach: number): number {
  for (let i = 1; i <= reach; i++) {
    const value = x(from + direction * i)
    if (value === value) return from + direction * i
  }
  return NaN
}

/** a + share (c − a); where one of them is missing the other stands for it. */
function between(a: number, c: number, share: number): number {
  if (a !== a) return c
  return c === c ? a + share * (c - a) : a
}

function meanOf(a: number, c: number): number {
  return between(a, c, 0.5)
}
