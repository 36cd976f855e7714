import { REWARM_STEPS } from './layout.js'
import type { StepList } from './steps.js'

/**
 * Longest chain of steps of one series in a part. Two parts are under way at a time, and scoring a step of the older one
 * looks back from it: the ring holds as many values more than the longest lag as two parts can add.
 */
export const MAX_WAVES = REWARM_STEPS / 2

/**
 * Splits a batch's steps into parts that fit the buffers, and a part into waves: the n-th step of each series in the
 * part is in wave n, so a series' order is kept and a wave holds it at most once. Within a wave, steps that are
 * forecast from come first. `rows` says where in the buffers each step goes.
 */
export class WavePlan {
  /** Buffer row of step `from + i`. */
  rows = new Int32Array(1024)
  /** Steps [from, to) of the list are in the part. */
  from = 0
  to = 0
  readonly waves: { start: number; rows: number; observed: number }[] = []
  /** Steps of a slot in this part; an entry is valid where `stamp` holds the part's number. */
  private depth = new Int32Array(1024)
  private stamp = new Int32Array(1024)
  private part = 0
  private wave = new Int32Array(1024)

  /** Plans the part that starts at `from`. */
  plan(steps: StepList, from: number, capacity: number, slotExtent: number): void {
    if (this.depth.length < slotExtent) {
      this.depth = new Int32Array(slotExtent * 2)
      this.stamp = new Int32Array(slotExtent * 2)
    }
    if (this.rows.length < capacity) {
      this.rows = new Int32Array(capacity)
      this.wave = new Int32Array(capacity)
    }
    this.part++
    this.from = from
    const observed = new Int32Array(MAX_WAVES)
    const masked = new Int32Array(MAX_WAVES)
    let count = 0
    let deepest = 0
    const end = Math.min(steps.length, from + capacity)
    for (let i = from; i < end; i++, count++) {
      const slot = steps.slots[i]!
      const depth = this.stamp[slot] === this.part ? this.depth[slot]! : 0
      if (depth === MAX_WAVES) break
      this.stamp[slot] = this.part
      this.depth[slot] = depth + 1
      this.wave[count] = depth
      if (depth >= deepest) deepest = depth + 1
      const value = steps.value[i]!
      if (value === value) observed[depth]!++
      else masked[depth]!++
    }
    this.to = from + count
    this.place(steps, count, deepest, observed, masked)
  }

  private place(
    steps: StepList,
    count: number,
    deepest: number,
    observed: Int32Array,
    masked: Int32Array,
  ): void {
    this.waves.length = 0
    let start = 0
    for (let w = 0; w < deepest; w++) {
      const o = observed[w]!
      const rows = o + masked[w]!
      this.waves.push({ start, rows, observed: o })
      observed[w] = start
      masked[w] = start + o
      start += rows
    }
    for (let i = 0; i < count; i++) {
      const value = steps.value[this.from + i]!
      const next = value === value ? observed : masked
      this.rows[i] = next[this.wave[i]!]!++
    }
  }
}
