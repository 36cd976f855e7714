import { randomUUID } from 'node:crypto'
import { BrokerError, type PartitionInfo } from '../../ports/broker.js'
import type { PartitionRef } from '../embedded/keys.js'
import { PartitionFetcher } from './fetcher.js'
import type { CopyProgress, LocalStates } from './local-states.js'
import type { KafkaParts } from './parts.js'
import { LONGEST_STALL_MS, stalled, WAIT_MS } from './read.js'
import { addressed } from './sends.js'
import type { Transactor } from './transactor.js'

/**
 * Key of the record that says which topic this is: one of the same name, made anew, has another one. Apart from those of
 * the rows, which begin with 0 to 2. Its value is a UUID; written once in each partition, by its first owner.
 */
const MARK_KEY = Buffer.of(255)
/** Kafka forgets after a day (`delete.retention.ms`) that a row was removed: an older copy could keep it for ever. */
const LONGEST_AGE_MS = 12 * 3_600_000
/** How exactly the age of a copy is kept while nothing is written. */
export const FRESH_MS = 600_000

type Mark = NonNullable<CopyProgress['mark']>

/** Where a group keeps the states of its series: one compacted topic, with the partitions of the input. */
export function statesTopic(group: string): string {
  return `${group}.states`
}

/**
 * Makes the local copy of a partition's states complete: with what was written since it was made, or, where it is of no
 * use, from the beginning. Called by the partition's owner, while nobody else writes.
 */
export async function copyStates(
  parts: KafkaParts,
  topic: string,
  ref: PartitionRef,
  local: LocalStates,
  transactor: Transactor,
): Promise<void> {
  const fetcher = new PartitionFetcher(parts.client, topic, ref.partition)
  const copy = new StatesCopy(parts, fetcher, ref, local)
  try {
    let { end } = await copy.range()
    let position = await copy.begin()
    parts.log('debug', 'kafka: states are copied', { partition: ref.partition, from: position, to: end })
    for (;;) {
      position = await copy.complete(position, end)
      if (copy.isMarked) break
      const value = Buffer.from(randomUUID())
      await transactor.run([addressed(topic, ref.partition, { key: MARK_KEY, value })])
      end = (await copy.range()).end
    }
    await copy.confirm(position)
  } finally {
    await fetcher.close()
  }
}

/**
 * A copy on its way. Owner and standby of one process may work on it at the same time, as a partition comes or goes: each
 * step takes effect only where the copy is still what it was when the step began.
 */
export class StatesCopy {
  constructor(
    private readonly parts: KafkaParts,
    private readonly fetcher: PartitionFetcher,
    private readonly ref: PartitionRef,
    private readonly local: LocalStates,
  ) {}

  async range(): Promise<PartitionInfo> {
    const { topic, partition } = this.fetcher
    const range = (await this.parts.topics.describe(topic))?.[partition]
    if (range === undefined) {
      throw new BrokerError('unknown-topic', `Kafka has no partition ${partition} of a topic ${topic}.`)
    }
    return range
  }

  /** Whether it can be told apart from the states of another topic of the same name. */
  get isMarked(): boolean {
    return (this.local.progress(this.ref)?.mark ?? null) !== null
  }

  /** @returns the offset before which the copy holds everything; one that says nothing any more is dropped first */
  async begin(): Promise<number> {
    for (;;) {
      const known = this.local.progress(this.ref)
      const range = await this.range()
      if (known !== null && (await this.#isUsable(known, range))) return known.position
      if (await this.local.restart(this.ref, known, range.earliest)) return range.earliest
    }
  }

  /** Reads to `end`, also while a transaction is open before it. @returns where it has come to */
  async complete(from: number, end: number): Promise<number> {
    let position = from
    let moved = performance.now()
    while (position < end) {
      const reached = await this.step(position, WAIT_MS)
      if (reached !== position) moved = performance.now()
      else if (performance.now() - moved > LONGEST_STALL_MS) throw stalled(this.fetcher, position)
      position = reached
    }
    return position
  }

  /** One fetch. @returns where the copy is then */
  async step(from: number, waitMs: number): Promise<number> {
    const { records, next } = await this.fetcher.fetch(from, waitMs)
    if (next === from) return from
    const mark = records.reduce<Mark | null>((found, record) => markIn(record) ?? found, null)
    const taken = await this.local.advance(this.ref, from, records, next, mark)
    return taken ? next : this.begin()
  }

  /** Nothing has been written behind `position` until now. */
  async confirm(position: number): Promise<void> {
    const known = this.local.progress(this.ref)
    const idle = this.parts.clock.now() - (known?.at ?? 0)
    if (idle > FRESH_MS) await this.local.advance(this.ref, position, [], position, null)
  }

  async #isUsable({ mark, position, at }: CopyProgress, { earliest, end }: PartitionInfo): Promise<boolean> {
    const age = this.parts.clock.now() - at
    if (mark === null || position < earliest || position > end || age > LONGEST_AGE_MS) return false
    const [first] = (await this.fetcher.fetch(mark.offset, 0)).records
    return first !== undefined && first.offset === mark.offset && markIn(first)?.id === mark.id
  }
}

function markIn({
  offset,
  key,
  value,
}: {
  offset: number
  key: Uint8Array | null
  value: Uint8Array | null
}): Mark | null {
  if (key === null || value === null || !MARK_KEY.equals(key)) return null
  return { offset, id: Buffer.from(value).toString() }
}
