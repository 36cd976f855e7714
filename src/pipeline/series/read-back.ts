import type { Broker, LogRecord } from '../../ports/broker.js'

/** What a request may read of a topic. */
const MOST_RECORDS = 400_000
const LONGEST_MS = 1500
/** The newest stretch is short, since what is asked for mostly lies there; each further one is this much longer. */
const FIRST_STRETCH = 2_000
const GROWTH = 4
const LONGEST_STRETCH = 50_000

export interface Reading {
  /** Records that belong together, such as the steps of a forecast: a stretch is read so much beyond its end. */
  readonly overlap: number
  /** Called in offset order within a stretch of a partition. */
  readonly take: (records: readonly LogRecord[]) => Promise<void> | void
  /** Asked after each stretch: nothing older is needed. */
  readonly enough: () => boolean
}

/**
 * Reads a topic from its end backwards, stretch by stretch, until there is enough or the budget of a request is spent.
 * @returns whether the beginning was reached
 */
export async function readBack(
  broker: Pick<Broker, 'describe' | 'read'>,
  topic: string,
  { overlap, take, enough }: Reading,
): Promise<boolean> {
  const partitions = (await broker.describe(topic)) ?? []
  const began = performance.now()
  let read = 0
  let back = 0
  for (let stretch = FIRST_STRETCH; ; stretch = Math.min(stretch * GROWTH, LONGEST_STRETCH)) {
    let older = false
    for (const [partition, { earliest, end }] of partitions.entries()) {
      const to = end - back
      const fromOffset = Math.max(earliest, to - stretch)
      if (fromOffset >= to) continue
      older ||= fromOffset > earliest
      const toOffset = Math.min(end, to + overlap)
      for await (const records of broker.read(topic, partition, { fromOffset, toOffset })) {
        read += records.length
        await take(records)
      }
    }
    if (!older) return true
    back += stretch
    if (enough() || read > MOST_RECORDS || performance.now() - began > LONGEST_MS) return false
  }
}
