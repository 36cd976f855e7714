import type { StateLayout } from './layout.js'

/** Periods that say what is usual: eight long seasons, within bounds. */
const USUAL_SEASONS = 8
const FEWEST_USUAL = 28
const MOST_USUAL = 112
/** Periods before the detector says anything. */
const SETTLING = 14
/** Steps of a period where there is no season. */
const WALK_PERIOD = 10
/** A period counts for so many deviations at most: one wild day is no drift. */
const CLIP = 8
/** Deviations above the usual that are taken for noise. */
const SLACK = 1
/** No bias varies less than this from period to period; in units of the naive error. */
const LEAST_DEVIATION = 0.02
/** While no alarm may be raised, the sum grows to so many thresholds at most. */
const MOST_SCORE = 2
/** Median absolute deviation → standard deviation, of normal noise. */
const MAD_TO_SIGMA = 1.4826

export interface DriftAlarm {
  /** Stream time (ms) of the alarm: the newest observation of the period that raised it. */
  readonly at: number
  /** Mean of what came minus what was forecast one step ahead, in that period, over the naive error; no unit. */
  readonly bias: number
  /** Its usual size, whatever its sign. */
  readonly usual: number
  /** Periods since it began to grow. */
  readonly periods: number
}

/** All of a detector's state, as JSON. */
export interface DriftMemory {
  /** Version of the network whose errors these are. */
  readonly version: number
  /** Of the open period: number (`null` before the first), sums. */
  readonly period: number | null
  readonly sum: number
  readonly count: number
  /** Sizes of the biases of the latest periods, oldest first. */
  readonly recent: readonly number[]
  readonly score: number
  readonly rising: number
  readonly alarm: DriftAlarm | null
}

export interface DriftOptions {
  /** Sum of deviations beyond the slack at which an alarm is raised. */
  readonly threshold: number
  /** ms of stream time after an alarm in which no other is raised. */
  readonly coolDown: number
}

/**
 * Notices that what a network has learnt is no longer so: its forecasts one step ahead are biased, over a short season each,
 * by more than they used to be. A one-sided cumulative sum (Page 1954) of how far the size of each season's bias lies above
 * its usual value, in deviations: S = max(0, S + min(z, 8) − 1). What is usual is the median of the latest seasons, the
 * deviation their median absolute one, so that neither a few wild days nor a slow change of season moves them. A bias tells
 * more than an error does: wild weather makes errors of both signs. Follows from the records alone.
 */
export class DriftDetector {
  private memory: Mutable<DriftMemory>
  private readonly length: number
  private readonly usual: number

  constructor(
    layout: StateLayout,
    /** May be changed between two batches. */
    public options: DriftOptions,
  ) {
    this.length = layout.short > 1 ? layout.short : WALK_PERIOD
    const periods = (USUAL_SEASONS * layout.long) / this.length
    this.usual = Math.max(FEWEST_USUAL, Math.min(MOST_USUAL, Math.round(periods)))
    this.memory = empty(0, null)
  }

  /** Another network makes other errors: what was usual says nothing about it. A past alarm stays known. */
  begin(version: number): void {
    if (version !== this.memory.version) this.memory = empty(version, this.memory.alarm)
  }

  /**
   * The error of a forecast one step ahead whose target has come.
   * @param index grid index of the target; one that belongs to a closed period counts for the open one
   * @param ts its time stamp, ms
   * @param error what came minus the median forecast, over the series' in-sample naive error
   * @returns an alarm, in the moment in which it is raised
   */
  add(index: number, ts: number, error: number): DriftAlarm | null {
    const { memory } = this
    const period = Math.floor(index / this.length)
    let raised: DriftAlarm | null = null
    if (memory.period === null) memory.period = period
    else if (period > memory.period) {
      raised = this.close(ts)
      memory.period = period
    }
    memory.sum += error
    memory.count++
    return raised
  }

  /** 1 = an alarm. */
  get score(): number {
    return this.memory.score / this.options.threshold
  }

  /** The latest one. */
  get alarm(): DriftAlarm | null {
    return this.memory.alarm
  }

  snapshot(): DriftMemory {
    return { ...this.memory }
  }

  resume(memory: DriftMemory | null): void {
    if (memory !== null) this.memory = { ...memory }
  }

  private close(ts: number): DriftAlarm | null {
    const { memory, options } = this
    const { recent, sum, count } = memory
    memory.sum = memory.count = 0
    if (count === 0) return null
    const bias = sum / count
    const value = Math.abs(bias)
    const usual = median(recent)
    if (recent.length >= SETTLING) {
      const deviation = MAD_TO_SIGMA * median(recent.map((one) => Math.abs(one - usual)))
      const z = (value - usual) / Math.max(LEAST_DEVIATION, deviation)
      memory.score = Math.max(
        0,
        Math.min(MOST_SCORE * options.threshold, memory.score + Math.min(CLIP, z) - SLACK),
      )
      memory.rising = memory.score > 0 ? memory.rising + 1 : 0
    }
    memory.recent = [...recent, value].slice(-this.usual)
    const calm = memory.alarm === null || ts - memory.alarm.at >= options.coolDown
    if (memory.score < options.threshold || !calm) return null
    memory.alarm = { at: ts, bias, usual, periods: memory.rising }
    memory.score = memory.rising = 0
    return memory.alarm
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

function empty(version: number, alarm: DriftAlarm | null): Mutable<DriftMemory> {
  return { version, period: null, sum: 0, count: 0, recent: [], score: 0, rising: 0, alarm }
}

function median(values: readonly number[]): number {
  if (values.length === 0) return NaN
  const sorted = Float64Array.from(values).sort()
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
