import type { LogStore, IndexEntry } from './log-store.js'
import { FIRST_OFFSET } from './keys.js'
import type { PartitionRef } from './keys.js'
import type { Topic } from './topics.js'

/** Batches deleted in one step: enough to keep up with any writer, few enough to go unnoticed (some ms). */
const STEP_BATCHES = 512
const STEP_INTERVAL_MS = 1000
/** A step deletes several times this, so that deleting keeps ahead of any rate of writing. */
const STEP_INTERVAL_BYTES = 16 * 1024 * 1024

interface Head {
  readonly ref: PartitionRef
  oldest: IndexEntry | null
}

/**
 * Deletes whole batches, oldest first, as a topic's retention allows: whether or not a group has consumed them, as in
 * Kafka, since a stopped group must not fill the disk. Runs inside the writer's transactions.
 */
export class Retention {
  /** By topic id: when the last step was, and what has been appended since. */
  readonly #lastSteps = new Map<number, { readonly at: number; appended: number }>()

  constructor(private readonly log: LogStore) {}

  /**
   * A step now and then, not at every append: looking at the head of every partition is not free.
   * @param appending bytes about to be appended.
   */
  stepIfDue(topic: Topic, appending: number, now: number): void {
    if (topic.retentionMs === undefined && topic.retentionBytes === undefined) return
    const last = this.#lastSteps.get(topic.id)
    if (last !== undefined) {
      last.appended += appending
      const elapsed = now - last.at
      if (elapsed >= 0 && elapsed < STEP_INTERVAL_MS && last.appended < STEP_INTERVAL_BYTES) return
    }
    this.#lastSteps.set(topic.id, { at: now, appended: 0 })
    this.step(topic, now)
  }

  /** Returns whether there may be more to delete. Only inside `Environment.write`. */
  step(topic: Topic, now: number): boolean {
    const expiry = now - (topic.retentionMs ?? Infinity)
    const limit = topic.retentionBytes ?? Infinity
    const heads = Array.from({ length: topic.partitions }, (_, partition): Head => {
      const ref = { id: topic.id, partition }
      return { ref, oldest: this.log.locate(ref, FIRST_OFFSET) }
    })
    let bytes = heads.reduce((sum, { ref }) => sum + this.log.row(ref).bytes, 0)
    for (let deleted = 0; deleted < STEP_BATCHES; deleted++) {
      const head = oldestOf(heads)
      if (head === null || head.oldest === null) return false
      if (head.oldest.arrival > expiry && bytes <= limit) return false
      this.log.dropOldest(head.ref)
      bytes -= head.oldest.bytes
      head.oldest = this.log.locate(head.ref, FIRST_OFFSET)
    }
    return true
  }
}

function oldestOf(heads: readonly Head[]): Head | null {
  let found: Head | null = null
  for (const head of heads) {
    if (head.oldest !== null && head.oldest.arrival < (found?.oldest?.arrival ?? Infinity)) found = head
  }
  return found
}
