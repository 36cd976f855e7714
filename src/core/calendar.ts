/** How time stamps are read as days and hours: what a pipeline's configuration and its networks say of it. */
export interface CalendarSpec {
  /** IANA name, such as `Europe/Berlin`. */
  readonly timeZone: string
  /** As configured: countries with or without a region, and dates. */
  readonly holidays: readonly string[]
  /** What these come to: local dates, in days since 1970-01-01, ascending. */
  readonly days: readonly number[]
}

const DAY = 86_400_000
const MINUTE = 60_000
/** What a Date can hold. */
const LAST = 8.64e15
/** Days whose offsets are remembered: more than a century of them. */
const MOST_DAYS = 50_000

/** A day's offset from UTC, ms: one before and one from `change` (ms) on; the same where nothing changes. */
interface DayOffset {
  readonly before: number
  readonly after: number
  readonly change: number
}

/**
 * Local time and holidays. Offsets are asked of the platform once a day of the calendar, never per record, and are the
 * same wherever the platform's time zone data are.
 */
export class Calendar {
  /** Whether there are holidays at all: networks without them do not read the flags. */
  readonly hasHolidays: boolean
  private readonly holidays: ReadonlySet<number>
  private readonly zone: Intl.DateTimeFormat | null
  private readonly days = new Map<number, DayOffset>()
  private day = NaN
  private found: DayOffset = { before: 0, after: 0, change: Infinity }

  /** @param spec absent: UTC, without holidays. Throws a `RangeError` for a zone that the platform does not know. */
  constructor(spec?: CalendarSpec) {
    const { timeZone = 'UTC', days = [] } = spec ?? {}
    this.holidays = new Set(days)
    this.hasHolidays = days.length > 0
    this.zone = isUtc(timeZone)
      ? null
      : new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
  }

  /** UTC: local time is the time stamp itself. */
  get isUtc(): boolean {
    return this.zone === null
  }

  /** Local time, as ms since the epoch of a clock that shows it. */
  local(ts: number): number {
    if (this.zone === null) return ts
    const day = Math.floor(ts / DAY)
    if (day !== this.day) this.turnTo(day, this.zone)
    const { before, after, change } = this.found
    return ts + (ts < change ? before : after)
  }

  /** @param day local, in days since 1970-01-01 */
  isHoliday(day: number): boolean {
    return this.holidays.has(day)
  }

  private turnTo(day: number, zone: Intl.DateTimeFormat): void {
    let found = this.days.get(day)
    if (found === undefined) {
      found = offsetsOf(day, zone)
      if (this.days.size >= MOST_DAYS) this.days.clear()
      this.days.set(day, found)
    }
    this.day = day
    this.found = found
  }
}

/** Whether a configured calendar changes anything: networks do without one that does not. */
export function isPlain({ timeZone, days }: CalendarSpec): boolean {
  return isUtc(timeZone) && days.length === 0
}

/** Whether the platform knows a time zone of this name. */
export function isTimeZone(name: unknown): name is string {
  if (typeof name !== 'string' || name === '') return false
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name })
    return true
  } catch {
    return false
  }
}

function isUtc(timeZone: string): boolean {
  return /^(etc\/)?(utc|gmt)$/i.test(timeZone)
}

/** Clocks are changed once in a day, on a whole minute. */
function offsetsOf(day: number, zone: Intl.DateTimeFormat): DayOffset {
  const before = offsetAt(day * DAY, zone)
  const after = offsetAt((day + 1) * DAY, zone)
  if (before === after) return { before, after, change: Infinity }
  let low = 0
  let high = DAY / MINUTE
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (offsetAt(day * DAY + middle * MINUTE, zone) === before) low = middle
    else high = middle
  }
  return { before, after, change: day * DAY + high * MINUTE }
}

/** ms that local time is ahead of UTC. */
function offsetAt(ts: number, zone: Intl.DateTimeFormat): number {
  const parts = zone.formatToParts(Math.max(-LAST, Math.min(LAST, ts)))
  const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? ''
  const [, sign, hours = '0', minutes = '0', seconds = '0'] =
    /([+\u2212-])(\d+):(\d+)(?::(\d+))?$/.exec(name) ?? []
  const size = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000
  return sign === '+' ? size : -size
}
