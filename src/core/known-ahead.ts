/** Stands for every series in the key of a record of covariates that are known ahead. */
export const EVERY_SERIES = '*'

/** Share of the values that make room at once when there are too many. */
const ROOM = 0.1

type Steps = Map<number, Float32Array>

/**
 * What is known of covariates of the steps to come: by series, or for all of them, and grid step, the latest value that was
 * told. Bounded: where there are too many, those of the oldest time stamps go.
 */
export class KnownAhead {
  /** Grid steps of all series together. */
  size = 0
  private readonly series = new Map<string, Steps>()
  /** Of all series: the latest window that was asked for, as most series of a batch ask for the same. */
  private common: { from: number; readonly values: Float32Array } | null = null

  /**
   * @param width number of covariates
   * @param interval grid step, ms
   * @param most steps that are kept
   */
  constructor(
    readonly width: number,
    private readonly interval: number,
    private readonly most: number,
  ) {}

  /** @param values [width] null: known to be missing; undefined: nothing is said of it */
  put(series: string, ts: number, values: readonly (number | null | undefined)[]): void {
    const index = Math.floor(ts / this.interval)
    let steps = this.series.get(series)
    if (steps === undefined) this.series.set(series, (steps = new Map<number, Float32Array>()))
    let known = steps.get(index)
    if (known === undefined) {
      steps.set(index, (known = new Float32Array(this.width).fill(NaN)))
      this.size++
    }
    for (let k = 0; k < this.width; k++) if (values[k] !== undefined) known[k] = values[k] ?? NaN
    this.common = null
    if (this.size > this.most) this.makeRoom()
  }

  /** Forgets all that was told under a key. */
  drop(series: string): void {
    this.size -= this.series.get(series)?.size ?? 0
    this.series.delete(series)
    this.common = null
  }

  /**
   * What is known of `count` steps from grid index `from` on, into out[at …), [count, width]: of the series, or else of all of
   * them; NaN where nothing is.
   */
  window(series: string, from: number, count: number, out: Float32Array, at: number): void {
    const common = this.commonWindow(from, count)
    out.set(common, at)
    const own = this.series.get(series)
    if (own === undefined) return
    for (let i = 0; i < count; i++) {
      const known = own.get(from + i)
      if (known === undefined) continue
      for (let k = 0; k < this.width; k++) {
        const value = known[k]!
        if (value === value) out[at + i * this.width + k] = value
      }
    }
  }

  private commonWindow(from: number, count: number): Float32Array {
    const { common, width } = this
    if (common?.from === from && common.values.length === count * width) return common.values
    const values = new Float32Array(count * width).fill(NaN)
    const steps = this.series.get(EVERY_SERIES)
    for (let i = 0; steps !== undefined && i < count; i++) {
      const known = steps.get(from + i)
      if (known !== undefined) values.set(known, i * width)
    }
    this.common = { from, values }
    return values
  }

  private makeRoom(): void {
    const indices = new Float64Array(this.size)
    let n = 0
    for (const steps of this.series.values()) for (const index of steps.keys()) indices[n++] = index
    const last = indices.sort()[Math.ceil(this.size * ROOM)]!
    for (const [series, steps] of this.series) {
      for (const index of steps.keys()) {
        if (index > last) continue
        steps.delete(index)
        this.size--
      }
      if (steps.size === 0) this.series.delete(series)
    }
  }
}
