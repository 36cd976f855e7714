import type { Aggregate } from '../config/types.js'
import { COVARIATE, F64, F64_WIDTH } from './layout.js'
import type { SeriesTable } from './series-table.js'
import type { StepList } from './steps.js'

/** The earliest time stamp that has an ISO form; the interval it lies in may begin before it. */
const FIRST_DATE = -8.64e15

export interface GridOptions {
  /** ms; 0 = the observation grid. */
  readonly interval: number
  readonly aggregate: Aggregate
  readonly allowedLateness: number
  readonly maxGapSteps: number
}

/**
 * Puts observations on the grid of their series. Whatever it decides follows from the records alone, in offset order,
 * so that a replay decides the same: no clock, no timer.
 */
export class GridAligner {
  /** Largest time stamp of the partition so far, ms: its own time. With aggregation, what closes intervals. */
  watermark = -Infinity
  /** Intervals before this index have been closed. */
  private passed = -Infinity
  /** Slots with an open aggregation interval, by its grid index. */
  private readonly open = new Map<number, Set<number>>()
  /** Of the observation that is being taken. */
  private covariates: ArrayLike<number> | null = null

  constructor(
    /** Replaced between two batches, never but for how late and how far apart observations may be. */
    public options: GridOptions,
    private readonly table: SeriesTable,
    private readonly steps: StepList,
    /** An interval was closed: the slot's row has changed, also where no step came of it. */
    private readonly closed: (slot: number) => void = () => undefined,
    /**
     * Which of two slots comes first when their intervals close at the same moment. It may depend on nothing that a
     * restart changes, as slot numbers do.
     */
    private readonly order: (a: number, b: number) => number = (a, b) => a - b,
  ) {}

  /**
   * Takes an observation of the series in `slot` and appends the grid steps it makes due.
   * @param record position in the batch, for the steps it causes
   * @param covariates of the observation, only lent; NaN = missing
   */
  accept(
    slot: number,
    ts: number,
    value: number,
    record: number,
    covariates: ArrayLike<number> | null = null,
  ): 'accepted' | 'late' | 'duplicate' {
    const { interval, aggregate } = this.options
    this.covariates = covariates
    if (interval === 0) {
      const outcome = this.acceptNext(slot, ts, value, record)
      if (ts > this.watermark) this.watermark = ts
      return outcome
    }
    const index = Math.floor(ts / interval)
    if (aggregate === 'none') {
      const last = this.table.f64[slot * F64_WIDTH + F64.due]!
      if (index <= last) return index === last ? 'duplicate' : 'late'
      this.advance(slot, index, ts, value, record, this.covariates)
      if (ts > this.watermark) this.watermark = ts
      return 'accepted'
    }
    const outcome = this.aggregate(slot, index, ts, value, record)
    this.passWatermark(ts, record)
    return outcome
  }

  /** The observation grid: the next observation is the next step. */
  private acceptNext(
    slot: number,
    ts: number,
    value: number,
    record: number,
  ): 'accepted' | 'late' | 'duplicate' {
    const at = slot * F64_WIDTH
    const last = this.table.f64[at + F64.due]!
    if (last === last) {
      const newest = this.table.f64[at + F64.ts]!
      if (ts <= newest) return ts === newest ? 'duplicate' : 'late'
      this.advance(slot, last + 1, ts, value, record, this.covariates)
    } else this.advance(slot, 0, ts, value, record, this.covariates)
    return 'accepted'
  }

  /** Steps over what is missing, then takes `value` at `index`. */
  private advance(
    slot: number,
    index: number,
    ts: number,
    value: number,
    record: number,
    covariates: ArrayLike<number> | null,
  ): void {
    const { interval, maxGapSteps } = this.options
    const f64 = this.table.f64
    const at = slot * F64_WIDTH
    const last = f64[at + F64.due]!
    const known = last === last
    if (!known && value !== value) return // a null before any value is ignored
    const gap = known ? index - last - 1 : 0
    let skipped = 0
    if (gap > maxGapSteps) skipped = gap
    else for (let i = last + 1; i < index; i++) this.steps.push(slot, i, i * interval, NaN, 0, record)
    this.steps.push(slot, index, ts, value, skipped, record, covariates)
    f64[at + F64.due] = index
    f64[at + F64.ts] = ts
  }

  private aggregate(
    slot: number,
    index: number,
    ts: number,
    value: number,
    record: number,
  ): 'accepted' | 'late' {
    const f64 = this.table.f64
    const at = slot * F64_WIDTH
    const open = f64[at + F64.openIndex]!
    if (index < open || index <= f64[at + F64.due]!) return 'late'
    if (index > open) this.closeInterval(slot, record)
    if (!this.isOpen(slot)) {
      f64[at + F64.openIndex] = index
      f64[at + F64.openValue] = 0
      f64[at + F64.openCount] = 0
      f64[at + F64.openTs] = -Infinity
      this.noteOpen(slot, index)
      this.eachCovariate(slot, (at) => {
        this.table.f32[at + COVARIATE.openValue] = 0
        this.table.f32[at + COVARIATE.openCount] = 0
      })
    }
    this.aggregateCovariates(slot, ts)
    if (value !== value) return 'accepted' // an interval of nulls alone is a missing one
    f64[at + F64.openCount]! += 1
    if (this.options.aggregate !== 'last') f64[at + F64.openValue]! += value
    else if (ts >= f64[at + F64.openTs]!) {
      f64[at + F64.openValue] = value
      f64[at + F64.openTs] = ts
    }
    return 'accepted'
  }

  /** Of the readings in an interval the mean counts, or the last where that is what is asked for: a sum of temperatures is none. */
  private aggregateCovariates(slot: number, ts: number): void {
    const { covariates, table } = this
    if (covariates === null) return
    const { f32 } = table
    const last = this.options.aggregate === 'last'
    const older = ts < table.f64[slot * F64_WIDTH + F64.openTs]!
    this.eachCovariate(slot, (at, c) => {
      const value = covariates[c]!
      if (value !== value || (last && older)) return
      const restart = last || f32[at + COVARIATE.openCount] === 0
      f32[at + COVARIATE.openValue] = restart ? value : f32[at + COVARIATE.openValue]! + value
      f32[at + COVARIATE.openCount] = last ? 1 : f32[at + COVARIATE.openCount]! + 1
    })
  }

  /** What the covariates of an open interval come to; `null` without covariates. */
  private aggregated(slot: number): Float64Array | null {
    const { f32, layout } = this.table
    if (layout.covariateNames.length === 0) return null
    const values = new Float64Array(layout.covariateNames.length)
    this.eachCovariate(slot, (at, c) => {
      values[c] = f32[at + COVARIATE.openValue]! / f32[at + COVARIATE.openCount]! // 0 / 0 = NaN: missing
    })
    return values
  }

  private eachCovariate(slot: number, visit: (scaler: number, c: number) => void): void {
    const { layout } = this.table
    let at = slot * layout.width + layout.covariates + layout.ringSize
    for (let c = 0; c < layout.covariateNames.length; c++, at += layout.covariateWidth) visit(at, c)
  }

  private passWatermark(ts: number, record: number): void {
    if (ts <= this.watermark) return
    this.watermark = ts
    const { interval, allowedLateness } = this.options
    const passed = Math.floor((ts - allowedLateness) / interval)
    if (passed <= this.passed) return
    this.passed = passed
    for (const index of [...this.open.keys()].filter((i) => i < passed).sort((a, b) => a - b)) {
      for (const slot of [...this.open.get(index)!].sort(this.order)) this.closeInterval(slot, record)
    }
  }

  private closeInterval(slot: number, record: number): void {
    const f64 = this.table.f64
    const at = slot * F64_WIDTH
    const index = f64[at + F64.openIndex]!
    const count = f64[at + F64.openCount]!
    const sum = f64[at + F64.openValue]!
    const value = count === 0 ? NaN : this.options.aggregate === 'mean' ? sum / count : sum
    const slots = this.open.get(index)
    slots?.delete(slot)
    if (slots?.size === 0) this.open.delete(index)
    f64[at + F64.openIndex] = NaN
    this.closed(slot)
    const start = Math.max(FIRST_DATE, index * this.options.interval)
    this.advance(slot, index, start, value, record, this.aggregated(slot))
  }

  /** Goes on from a snapshot: what the watermark had closed stays closed. */
  resume(watermark: number): void {
    this.watermark = watermark
    if (this.options.interval > 0) {
      this.passed = Math.floor((watermark - this.options.allowedLateness) / this.options.interval)
    }
  }

  /** Takes up a slot that came back from the store, or out of a snapshot, with its interval open. */
  adopt(slot: number): void {
    if (this.isOpen(slot)) this.noteOpen(slot, this.table.f64[slot * F64_WIDTH + F64.openIndex]!)
  }

  /** An open interval must stay where the watermark finds it. */
  isOpen(slot: number): boolean {
    const index = this.table.f64[slot * F64_WIDTH + F64.openIndex]!
    return index === index
  }

  /** The slot's series is deleted: an interval it has open will not be closed. */
  forget(slot: number): void {
    const index = this.table.f64[slot * F64_WIDTH + F64.openIndex]!
    const slots = this.open.get(index)
    slots?.delete(slot)
    if (slots?.size === 0) this.open.delete(index)
  }

  private noteOpen(slot: number, index: number): void {
    const slots = this.open.get(index)
    if (slots === undefined) this.open.set(index, new Set([slot]))
    else slots.add(slot)
  }
}
