import { randomUUID } from 'node:crypto'
import type { PartitionInfo } from '../../ports/broker.js'
import type { PartitionRef } from '../embedded/keys.js'
import { PartitionFetcher } from './fetcher.js'
import type { CopyProgress, LocalStates } from './local-states.js'
import type { KafkaParts } from './parts.js'
import { readWhole } from './read.js'
import { addressed } from './sends.js'
import type { Transactor } from './transactor.js'

/**
 * Key of the record that says which topic this is: one of the same name, made anew, has another one. Apart from those of
 * the rows, which begin with 0 to 2. Its value is a UUID; written once in each partition, by its first owner.
 */
const MARK_KEY = Buffer.of(255)
/** Kafka forgets after a day (`delete.retention.ms`) that a row was removed: an older copy could keep it for ever. */
const LONGEST_AGE_MS = 12 * 3_600_000

type Mark = CopyProgress['mark']

/** Where a group keeps the states of its series: one compacted topic, with the partitions of the input. */
export function statesTopic(group: string): string {
  return `${group}.states`
}

/**
 * Makes the local copy of a partition's states complete: with what was written since it was made, or, where it is of no
 * use, from the beginning. Called by the partition's owner, while nobody else writes.
 */
export async function copyStates(
  { client, topics, clock, log }: KafkaParts,
  topic: string,
  ref: PartitionRef,
  local: LocalStates,
  transactor: Transactor,
): Promise<void> {
  const fetcher = new PartitionFetcher(client, topic, ref.partition)
  const rangeNow = async (): Promise<PartitionInfo> =>
    (await topics.describe(topic))?.[ref.partition] ?? { earliest: 0, end: 0 }
  try {
    let range = await rangeNow()
    let known = local.progress(ref)
    if (known !== null && !(await isUsable(known, range, fetcher, clock.now()))) known = null
    if (known === null) await local.forget(ref)
    let mark = known?.mark ?? null
    let from = known?.position ?? range.earliest
    log('debug', 'kafka: states are copied', { partition: ref.partition, from, to: range.end })
    for (;;) {
      for await (const records of readWhole(fetcher, { earliest: from, end: range.end })) {
        await local.apply(ref, records)
        mark = records.reduce((found, record) => markIn(record) ?? found, mark)
      }
      if (mark !== null) break
      const value = Buffer.from(randomUUID())
      await transactor.run([addressed(topic, ref.partition, { key: MARK_KEY, value })])
      from = range.end
      range = await rangeNow()
    }
    await local.reached(ref, mark, range.end)
  } finally {
    await fetcher.close()
  }
}

async function isUsable(
  { mark, position, at }: CopyProgress,
  { earliest, end }: PartitionInfo,
  fetcher: PartitionFetcher,
  now: number,
): Promise<boolean> {
  if (position < earliest || position > end || now - at > LONGEST_AGE_MS) return false
  const [first] = (await fetcher.fetch(mark.offset, 0)).records
  return first !== undefined && first.offset === mark.offset && markIn(first)?.id === mark.id
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
