import type { PartitionRef } from '../embedded/keys.js'
import { PartitionFetcher } from './fetcher.js'
import type { LocalStates } from './local-states.js'
import type { KafkaParts } from './parts.js'
import { readWhole } from './read.js'

/** Where a group keeps the states of its series: one compacted topic, with the partitions of the input. */
export function statesTopic(group: string): string {
  return `${group}.states`
}

/** Always anew and whole: what lies here may be older than what another process has written since. */
export async function copyStates(
  { client, topics }: KafkaParts,
  topic: string,
  ref: PartitionRef,
  local: LocalStates,
): Promise<void> {
  const range = (await topics.describe(topic))?.[ref.partition]
  await local.clear(ref)
  if (range === undefined || range.end === range.earliest) return
  const fetcher = new PartitionFetcher(client, topic, ref.partition)
  try {
    for await (const records of readWhole(fetcher, range)) await local.apply(ref, records)
  } finally {
    await fetcher.close()
  }
}
