import type { RejectReason } from '../core/decode.js'
import type { RejectCounts } from './events.js'

const EVERY_MS = 10_000

/** Adds up rejected records, so that a stream of bad input makes one log line every ten seconds and not one per batch. */
export class RejectLog {
  #pending = new Map<RejectReason, number>()
  #last = -Infinity

  /** The counts to be logged now, or null. */
  add(counts: RejectCounts, now: number): RejectCounts | null {
    for (const [reason, count] of Object.entries(counts) as [RejectReason, number][]) {
      if (count > 0) this.#pending.set(reason, (this.#pending.get(reason) ?? 0) + count)
    }
    if (this.#pending.size === 0 || now - this.#last < EVERY_MS) return null
    const due: RejectCounts = Object.fromEntries(this.#pending)
    this.#pending = new Map()
    this.#last = now
    return due
  }
}
