/** Bins that a short season is cut into at most. */
const MOST_BINS = 24
/** Short seasons that are compared, before and after. */
export const SHIFT_SEASONS = 3
/** Of the changes on either side, the share that may lie beyond those compared: a bad day of three is disregarded. */
const BEYOND = 0.4
/** A shift begins with an error of so many usual ones at least … */
const ONSET = 10
/** … in a bin so far from the middle, at least and at most. */
const AROUND = [-1, 2] as const
/** Digits that are kept of a bin: a snapshot holds all of them. */
const DIGITS = 4

/** All of it, as JSON. */
export interface ShiftMemory {
  /** Number of the open bin; `null` before the first. */
  readonly bin: number | null
  /** Of its changes. */
  readonly sum: number
  readonly count: number
  /** Greatest mean error of a step in it, with its sign. */
  readonly worst: number
  /** The open step, and its errors. */
  readonly step: number
  readonly stepSum: number
  readonly stepCount: number
  /** Of closed bins, oldest first: mean change, `null` where nothing came, and greatest error. */
  readonly closed: readonly Bin[]
}

type Bin = readonly [change: number | null, worst: number]

/**
 * Notices a level that moved from one step to the next and stayed. For three short seasons the changes since a long season
 * before lie on one side of those of the three before, but for the outer two fifths of either, and it began with an error
 * that the network had not seen coming. Weather moves a level as far, but gradually; an outlier or a bad day come at once,
 * but do not stay.
 */
export class LevelShift {
  /** Distance between the changes before and after, in usual errors; 0 where it did not begin at once. */
  gap = 0
  private readonly bins: number
  private readonly half: number
  private bin: number | null = null
  private sum = 0
  private count = 0
  private worst = 0
  private step = 0
  private stepSum = 0
  private stepCount = 0
  private closed: readonly Bin[] = []

  /** @param short steps of a short season */
  constructor(private readonly short: number) {
    this.bins = Math.min(short, MOST_BINS)
    this.half = SHIFT_SEASONS * this.bins
  }

  /** Whether what is compared with lies before the shift for as long as is looked at. */
  static fits(short: number, long: number): boolean {
    return short > 1 && long >= SHIFT_SEASONS * short
  }

  /**
   * An observation; one of an earlier step counts for the open one.
   * @param error one step ahead, and `change` since a long season before, with their signs and in naive errors
   * @param usual size of the errors, likewise; NaN while it is not known
   */
  add(index: number, error: number, change: number, usual: number): void {
    if (this.stepCount === 0 || index > this.step) {
      this.closeStep()
      this.step = index
    }
    const bin = Math.floor((index * this.bins) / this.short)
    if (this.bin === null) this.bin = bin
    else if (bin > this.bin) this.closeBin(bin, usual)
    this.stepSum += error
    this.stepCount++
    this.sum += change
    this.count++
  }

  memory(): ShiftMemory {
    const { bin, sum, count, worst, step, stepSum, stepCount, closed } = this
    return { bin, sum, count, worst, step, stepSum, stepCount, closed }
  }

  resume(memory: ShiftMemory): void {
    Object.assign(this, memory)
  }

  /** Of several series the mean: one of them that moves is no drift of all. */
  private closeStep(): void {
    const mean = this.stepSum / this.stepCount
    if (Math.abs(mean) > Math.abs(this.worst)) this.worst = mean
    this.stepSum = this.stepCount = 0
  }

  private closeBin(next: number, usual: number): void {
    const empty = Math.min(2 * this.half, next - this.bin! - 1)
    const change = this.count > 0 ? rounded(this.sum / this.count) : null
    const gap = Array.from({ length: empty }, (): Bin => [null, 0])
    const closed: Bin[] = [...this.closed, [change, rounded(this.worst)], ...gap]
    this.closed = closed.slice(-2 * this.half)
    this.bin = next
    this.sum = this.count = this.worst = 0
    this.gap = this.look(usual)
  }

  private look(usual: number): number {
    const { closed, half } = this
    if (closed.length < 2 * half || !(usual > 0)) return 0
    let onset = 0
    for (let at = half + AROUND[0]; at <= half + AROUND[1]; at++) {
      const error = closed[at]?.[1] ?? 0
      if (Math.abs(error) > Math.abs(onset)) onset = error
    }
    if (Math.abs(onset) < ONSET * usual) return 0
    const side = Math.sign(onset)
    const changes = (of: readonly Bin[]): number[] =>
      of.flatMap(([change]) => (change === null ? [] : [side * change])).sort((a, b) => a - b)
    const [before, after] = [changes(closed.slice(0, half)), changes(closed.slice(half))]
    if (2 * Math.min(before.length, after.length) < half) return 0
    return Math.max(0, (quantile(after, BEYOND) - quantile(before, 1 - BEYOND)) / usual)
  }
}

function quantile(sorted: readonly number[], p: number): number {
  return sorted[Math.round(p * (sorted.length - 1))]!
}

function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS))
}
