import { setTimeout as delay } from 'node:timers/promises'
import type { FileRow } from '../../adapters/files/observations.js'
import { parseTimestamp } from '../../core/timestamp.js'
import type { Rate } from './rate.js'

/** Time that passes: by itself, or, in a test, when it is told to. */
export interface Timer {
  /** Milliseconds since whenever, never less than before. */
  now(): number
  /** Resolves after so many milliseconds, or at once when the signal fires. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

/** The longest that setTimeout can wait. */
const LONGEST_SLEEP_MS = 2 ** 31 - 1

export const systemTimer: Timer = {
  now: () => performance.now(),
  sleep: (ms, signal) => delay(Math.min(ms, LONGEST_SLEEP_MS), undefined, { signal }).catch(() => undefined),
}

/** Says how many rows may go now. */
export interface Pacer {
  /** Waits until at least one of the rows from `from` on may go, and returns how many may; 0 when the signal fired. */
  take(rows: readonly FileRow[], from: number, signal: AbortSignal): Promise<number>
}

/** Every batch costs a synced commit, so it is not made for a handful of rows that are due a little earlier than others. */
const TICK_MS = 50

export function createPacer(rate: Rate, timer: Timer): Pacer {
  switch (rate.kind) {
    case 'max':
      return { take: async (rows, from, signal) => (signal.aborted ? 0 : rows.length - from) }
    case 'records':
      return new RecordsPacer(rate.perSecond, timer)
    case 'realtime':
      return new RealtimePacer(rate.factor, timer)
  }
}

/** A bucket of credit for one second: after a stall, the rows that did not go are not sent all at once. */
class RecordsPacer implements Pacer {
  private credit = 1
  private counted: number

  constructor(
    private readonly perSecond: number,
    private readonly timer: Timer,
  ) {
    this.counted = timer.now()
  }

  async take(rows: readonly FileRow[], from: number, signal: AbortSignal): Promise<number> {
    for (;;) {
      if (signal.aborted) return 0
      const now = this.timer.now()
      const earned = ((now - this.counted) / 1000) * this.perSecond
      this.credit = Math.min(Math.max(1, this.perSecond), this.credit + earned)
      this.counted = now
      const count = Math.min(Math.floor(this.credit), rows.length - from)
      if (count > 0) {
        this.credit -= count
        return count
      }
      await this.timer.sleep(Math.max(TICK_MS, ((1 - this.credit) / this.perSecond) * 1000), signal)
    }
  }
}

/** Keeps the first row's distance between event time and the clock; a row that is late in event time goes at once. */
class RealtimePacer implements Pacer {
  private origin: { readonly ts: number; readonly time: number } | undefined

  constructor(
    private readonly factor: number,
    private readonly timer: Timer,
  ) {}

  async take(rows: readonly FileRow[], from: number, signal: AbortSignal): Promise<number> {
    for (;;) {
      if (signal.aborted) return 0
      const now = this.timer.now()
      this.origin ??= { ts: milliseconds(rows[from]!), time: now }
      const { ts, time } = this.origin
      const due = (row: FileRow): number => time + (milliseconds(row) - ts) / this.factor
      let to = from
      while (to < rows.length && due(rows[to]!) <= now) to++
      if (to > from) return to - from
      await this.timer.sleep(Math.max(TICK_MS, due(rows[from]!) - now), signal)
    }
  }
}

function milliseconds({ ts }: FileRow): number {
  return typeof ts === 'number' ? ts : parseTimestamp(ts)
}
