import { setTimeout as pause } from 'node:timers/promises'
import type { Admin } from 'kafkajs'
import { typeOf } from './errors.js'

const ATTEMPTS = 10
const FIRST_PAUSE_MS = 20
/** What a coordinator says while it takes up a group, as after a restart or when a group is new. kafkajs gives up at once. */
const SETTLING = /COORDINATOR|GROUP_LOAD_IN_PROGRESS|UNSTABLE_OFFSET_COMMIT/

export interface GroupOffset {
  /** The next one that the group will consume. */
  readonly offset: number
  /** Partitions that the topic had when the group began with it; `null` where that was not written down. */
  readonly partitions: number | null
}

/** What is written beside an offset: of a partition beyond that number, its first record is one that the group is to consume. */
export function offsetMetadata(partitions: number): string {
  return `partitions=${partitions}`
}

/** By partition; one of which a group has settled nothing is left out. */
export async function groupOffsets(
  admin: Admin,
  group: string,
  topic: string,
): Promise<Map<number, GroupOffset>> {
  for (let attempt = 1; ; attempt++) {
    try {
      const [offsets] = await admin.fetchOffsets({ groupId: group, topics: [topic] })
      return new Map(
        (offsets?.partitions ?? [])
          .filter(({ offset }) => Number(offset) >= 0)
          .map(({ partition, offset, metadata }) => {
            const [, partitions = null] = /^partitions=(\d+)$/.exec(metadata ?? '') ?? []
            return [
              partition,
              { offset: Number(offset), partitions: partitions === null ? null : Number(partitions) },
            ]
          }),
      )
    } catch (error) {
      if (attempt === ATTEMPTS || !SETTLING.test(typeOf(error))) throw error
      await pause(FIRST_PAUSE_MS * 2 ** attempt)
    }
  }
}
