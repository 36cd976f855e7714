import type { StateLayout } from './layout.js'
import { LevelShift, SHIFT_SEASONS, type ShiftMemory } from './level-shift.js'

/** Periods that say what is usual: eight long seasons, within bounds. */
const USUAL_SEASONS = 8
const FEWEST_USUAL = 28
const MOST_USUAL = 112
/** Periods before the detector says anything. */
const SETTLING = 14
/** Steps of a period where there is no season. */
const WALK_PERIOD = 10
/** A period counts for so many deviations at most: two wild days are no drift. */
const CLIP = 5
/** Nothing varies less than this from period to period; in units of the naive error. */
const LEAST_DEVIATION = 0.02
/** A shift of the level by so many usual errors at the threshold raises an alarm, in shares of the threshold. */
const SHIFT_SHARE = 0.5
/** While no alarm may be raised, a sum grows to so many thresholds at most. */
const MOST_SCORE = 2
/** Median absolute deviation → standard deviation, of normal noise. */
const MAD_TO_SIGMA = 1.4826

/**
 * What is watched, each over a period and in units of the naive error, with the deviations above the usual that are taken
 * for noise. `error`: mean size of the errors one step ahead. `change`: mean size of the differences from what was one long
 * season before; a heat wave or a holiday, which last some days, must not raise an alarm by it.
 */
const SLACK = { error: 2.5, change: 2 } as const
type Summed = keyof typeof SLACK
const SIGNS = Object.keys(SLACK) as readonly Summed[]
/** `shift`: the level moved at once and stayed, see level-shift.ts. */
export type DriftSign = Summed | 'shift'

export interface DriftAlarm {
  /** Stream time (ms) of the alarm: the newest observation of the period that raised it. */
  readonly at: number
  /** What raised it. */
  readonly sign: DriftSign
  /** In that period, in naive errors; of a shift, how far the level has moved. */
  readonly value: number
  /** Likewise; of a shift, the size of the errors one step ahead. */
  readonly usual: number
  /** Periods since it began to grow. */
  readonly periods: number
}

interface SignMemory {
  /** Of the open period. */
  readonly sum: number
  readonly count: number
  /** Values of the latest periods, oldest first. */
  readonly recent: readonly number[]
  readonly score: number
  readonly rising: number
}

/** All of a detector's state, as JSON. */
export interface DriftMemory extends Readonly<Record<Summed, SignMemory>> {
  /** Version of the network whose errors these are. */
  readonly version: number
  /** Number of the open period; `null` before the first. */
  readonly period: number | null
  readonly alarm: DriftAlarm | null
  /** Absent in older ones, and where there is no season. */
  readonly shift?: ShiftMemory
}

export interface DriftOptions {
  /** Sum of deviations beyond the slack at which an alarm is raised. */
  readonly threshold: number
  /** ms of stream time after an alarm in which no other is raised. */
  readonly coolDown: number
}

/**
 * Notices that what a network has learnt is no longer so: over a short season each, its errors are greater than they used
 * to be, or level or rhythm are others than a long season before, which a network follows within days. For both a
 * one-sided cumulative sum (Page 1954) of how far the season's value lies above the usual one, in deviations:
 * S = max(0, S + min(z, 5) − slack). What is usual is the median of the latest seasons, the deviation their median
 * absolute one, so that neither a few wild days nor a slow change moves them. A level that moves at once and stays is
 * looked for besides. Follows from the records alone.
 */
export class DriftDetector {
  private version = 0
  private period: number | null = null
  private past: DriftAlarm | null = null
  private signs: Record<Summed, Sign>
  /** `null` where there is no season to see one by. */
  private shift: LevelShift | null = null
  private readonly length: number
  private readonly usual: number

  constructor(
    private readonly layout: StateLayout,
    /** May be changed between two batches. */
    public options: DriftOptions,
  ) {
    this.length = layout.short > 1 ? layout.short : WALK_PERIOD
    const periods = (USUAL_SEASONS * layout.long) / this.length
    this.usual = Math.max(FEWEST_USUAL, Math.min(MOST_USUAL, Math.round(periods)))
    this.signs = this.clean()
    this.shift = this.noShift()
  }

  /** Another network makes other errors: what was usual says nothing about it. A past alarm stays known. */
  begin(version: number): void {
    if (version === this.version) return
    this.version = version
    this.period = null
    this.signs = this.clean()
    this.shift = this.noShift()
  }

  /**
   * An observation of which a forecast one step ahead had been made.
   * @param index its grid index; one that belongs to a closed period counts for the open one
   * @param ts its time stamp, ms
   * @param error what came minus the median forecast, over the series' in-sample naive error
   * @param change what came minus what came one long season before, likewise; NaN where there is no season
   * @returns an alarm, in the moment in which it is raised
   */
  add(index: number, ts: number, error: number, change: number): DriftAlarm | null {
    const period = Math.floor(index / this.length)
    let raised: DriftAlarm | null = null
    if (this.period === null) this.period = period
    else if (period > this.period) {
      raised = this.close(ts)
      this.period = period
    }
    if (change === change && this.shift !== null) {
      this.shift.add(index, error, change, this.signs.error.usual)
      raised ??= this.shifted(ts)
    }
    this.signs.error.add(Math.abs(error))
    if (change === change) this.signs.change.add(Math.abs(change))
    return raised
  }

  /** Of the sign that is nearest to an alarm: 1 = an alarm. */
  get score(): number {
    const { error, change } = this.signs
    const gap = (this.shift?.gap ?? 0) / SHIFT_SHARE
    return Math.max(error.score, change.score, gap) / this.options.threshold
  }

  /** The latest one. */
  get alarm(): DriftAlarm | null {
    return this.past
  }

  snapshot(): DriftMemory {
    const { version, period, past: alarm, signs } = this
    const shift = this.shift === null ? {} : { shift: this.shift.memory() }
    return { version, period, alarm, error: signs.error.memory(), change: signs.change.memory(), ...shift }
  }

  /** @param memory of a detector that watched something else: without effect */
  resume(memory: DriftMemory | null): void {
    if (memory === null || SIGNS.some((sign) => !(sign in memory))) return
    this.version = memory.version
    this.period = memory.period
    this.past = memory.alarm
    for (const sign of SIGNS) this.signs[sign].resume(memory[sign])
    if (memory.shift !== undefined) this.shift?.resume(memory.shift)
  }

  private noShift(): LevelShift | null {
    const { short, long } = this.layout
    return LevelShift.fits(short, long) ? new LevelShift(short) : null
  }

  private clean(): Record<Summed, Sign> {
    return { error: new Sign(SLACK.error, this.usual), change: new Sign(SLACK.change, this.usual) }
  }

  private close(at: number): DriftAlarm | null {
    const { signs, options } = this
    const closed = SIGNS.map((sign) => ({ sign, ...signs[sign].close(MOST_SCORE * options.threshold) }))
    const raised = closed.find(({ sign }) => signs[sign].score >= options.threshold)
    if (raised === undefined || !this.calm(at)) return null
    return this.raise({ at, ...raised, periods: signs[raised.sign].rising })
  }

  /** Not bound to the cool-down of other signs, which may have been mistaken: it began after what they were raised by. */
  private shifted(at: number): DriftAlarm | null {
    const gap = this.shift?.gap ?? 0
    if (gap < SHIFT_SHARE * this.options.threshold) return null
    if (this.past?.sign === 'shift' && !this.calm(at)) return null
    const { usual } = this.signs.error
    return this.raise({ at, sign: 'shift', value: gap * usual, usual, periods: SHIFT_SEASONS })
  }

  /** No alarm has been raised for long enough. */
  private calm(at: number): boolean {
    return this.past === null || at - this.past.at >= this.options.coolDown
  }

  private raise(alarm: DriftAlarm): DriftAlarm {
    for (const sign of SIGNS) this.signs[sign].settle()
    this.shift = this.noShift()
    return (this.past = alarm)
  }
}

/** The cumulative sum of one of them. */
class Sign {
  score = 0
  rising = 0
  /** Median of the latest periods; NaN until there are enough. */
  usual = NaN
  private sum = 0
  private count = 0
  private recent: readonly number[] = []

  constructor(
    private readonly slack: number,
    /** Periods that say what is usual. */
    private readonly length: number,
  ) {}

  add(value: number): void {
    this.sum += value
    this.count++
  }

  /**
   * Ends a period.
   * @param most that the sum grows to
   */
  close(most: number): { readonly value: number; readonly usual: number } {
    const { recent } = this
    const value = this.sum / this.count
    const usual = median(recent)
    const known = this.count > 0
    this.sum = this.count = 0
    if (!known) return { value, usual }
    if (recent.length >= SETTLING) {
      const deviation = MAD_TO_SIGMA * median(recent.map((one) => Math.abs(one - usual)))
      const z = (value - usual) / Math.max(LEAST_DEVIATION, deviation)
      this.score = Math.max(0, Math.min(most, this.score + Math.min(CLIP, z) - this.slack))
      this.rising = this.score > 0 ? this.rising + 1 : 0
    }
    this.recent = [...recent, value].slice(-this.length)
    this.know()
    return { value, usual }
  }

  private know(): void {
    this.usual = this.recent.length >= SETTLING ? median(this.recent) : NaN
  }

  settle(): void {
    this.score = this.rising = 0
  }

  memory(): SignMemory {
    const { sum, count, recent, score, rising } = this
    return { sum, count, recent, score, rising }
  }

  resume(memory: SignMemory): void {
    this.sum = memory.sum
    this.count = memory.count
    this.recent = memory.recent
    this.know()
    this.score = memory.score
    this.rising = memory.rising
  }
}

function median(values: readonly number[]): number {
  if (values.length === 0) return NaN
  const sorted = Float64Array.from(values).sort()
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
