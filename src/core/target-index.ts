import { COVARIATE_FEATURES, COVARIATE_INPUTS } from './covariates.js'
import { modulo, type StateLayout } from './layout.js'

const DAY = 86_400_000

/** Inputs of a recurrent step, without holidays, covariates and the series embedding. */
export const INPUTS = 13
/** Whether the step's local day is a holiday, and the days before and after it. */
const HOLIDAY_INPUTS = 3
/** The same of a target, and whether those days are holidays that its seasonal forecasts come from. */
export const HOLIDAY_FEATURES = 5
/** Seasonal forecasts that the head mixes. */
export const MIXTURE = 8
/** Slots of the short season in the calendar table: a longer season is binned. */
const MAX_SLOTS = 96
export const WEEKDAYS = 7

/** Inputs of a recurrent step, without the series embedding: `INPUTS`, holidays, covariates. */
export function stepWidth(layout: StateLayout): number {
  return (
    INPUTS +
    (layout.calendar.hasHolidays ? HOLIDAY_INPUTS : 0) +
    COVARIATE_INPUTS * layout.covariateNames.length
  )
}

/** Features per target: the mixture, for a season two of the day of the year, holidays, and covariates known ahead. */
export function targetFeatures(layout: StateLayout): {
  readonly all: number
  readonly mixture: number
  /** Where those of covariates begin. */
  readonly covariates: number
} {
  const mixture = layout.kind === 'walk' ? 1 : MIXTURE
  const covariates = seasonalWidth(layout) + (showsHolidays(layout) ? HOLIDAY_FEATURES : 0)
  return { all: covariates + COVARIATE_FEATURES * layout.ahead.length, mixture, covariates }
}

export function seasonalWidth(layout: StateLayout): number {
  return layout.kind === 'walk' ? 1 : MIXTURE + 2
}

/** On the observation grid nobody knows on which day a target will lie. */
export function showsHolidays({ calendar, shape }: StateLayout): boolean {
  return calendar.hasHolidays && shape.interval > 0
}

export function calendarSlots(layout: StateLayout): number {
  return Math.min(layout.short, MAX_SLOTS)
}

/**
 * Where the head looks for each target t+k (k = 1…H): the target's own slot at its most recent occurrence,
 * i1 = t+k−m⌈k/m⌉ one or more short seasons back, i7 = t+k−W⌈k/W⌉ likewise for the long one.
 * Offsets are relative to t. One object per layout, shared by all series; it remembers the days of the latest origin's targets,
 * which most series of a batch have in common.
 */
export class TargetIndex {
  readonly i1: Int32Array
  readonly i7: Int32Array
  /** Floats of a target's features. */
  readonly width: number
  /** [H] row in the calendar table: weekday · slots + slot. */
  private readonly rows: Int32Array
  /** [H, HOLIDAY_FEATURES] */
  private readonly flags: Float32Array
  private rowsOf = { index: NaN, ts: NaN }
  private flagsOf = NaN

  constructor(readonly layout: StateLayout) {
    const { short: m, long: W } = layout
    const H = layout.shape.horizon
    this.width = targetFeatures(layout).all
    this.i1 = Int32Array.from({ length: H }, (_, h) => h + 1 - m * Math.ceil((h + 1) / m))
    this.i7 = Int32Array.from({ length: H }, (_, h) => h + 1 - W * Math.ceil((h + 1) / W))
    this.rows = new Int32Array(H)
    this.flags = new Float32Array(showsHolidays(layout) ? H * HOLIDAY_FEATURES : 0)
  }

  /** Calendar rows (weekday · slots + slot) of the targets of the origin at `index`, `ts` (ms); [H], only lent. */
  calendar(index: number, ts: number): Int32Array {
    const { rowsOf } = this
    if (index !== rowsOf.index || ts !== rowsOf.ts) this.findRows(index, ts)
    return this.rows
  }

  /** Of each target, whether its day, the one before and the one after are holidays, and those of t+i1 and t+i7; [H, 5], only lent. */
  holidays(ts: number): Float32Array {
    if (ts !== this.flagsOf) this.findFlags(ts)
    return this.flags
  }

  private findRows(index: number, ts: number): void {
    const { layout, rows } = this
    const { calendar, short: m } = layout
    const { interval } = layout.shape
    const slots = calendarSlots(layout)
    const shifted = !calendar.isUtc && interval > 0
    for (let h = 0; h < rows.length; h++) {
      const step = index + h + 1
      const place = shifted ? Math.floor(calendar.local(step * interval) / interval) : step
      const slot = Math.floor((modulo(place, m) * slots) / m)
      rows[h] = modulo(this.dayOf(ts, h + 1) + 3, 7) * slots + slot
    }
    this.rowsOf = { index, ts }
  }

  private findFlags(ts: number): void {
    const { flags, i1, i7 } = this
    const { calendar } = this.layout
    for (let h = 0, o = 0; o < flags.length; h++) {
      const day = this.dayOf(ts, h + 1)
      const days = [day, day - 1, day + 1, this.dayOf(ts, i1[h]!), this.dayOf(ts, i7[h]!)]
      for (const one of days) flags[o++] = calendar.isHoliday(one) ? 1 : 0
    }
    this.flagsOf = ts
  }

  /**
   * Local day of a step from `ts` on; of days and longer steps, counted as they are lived, 23 or 25 hours long. On the
   * observation grid the target's date is not known: the origin's weekday stands for the week's rhythm.
   */
  private dayOf(ts: number, step: number): number {
    const { calendar, shape } = this.layout
    const away = step * shape.interval
    return Math.floor((shape.interval < DAY ? calendar.local(ts + away) : calendar.local(ts) + away) / DAY)
  }
}

/** Calendar rows (weekday · slots + slot) of the targets t+1…t+H, into out[at …]. */
export function targetCalendar(
  target: TargetIndex,
  index: number,
  ts: number,
  out: Int32Array,
  at: number,
): void {
  out.set(target.calendar(index, ts), at)
}
