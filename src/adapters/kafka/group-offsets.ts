import { setTimeout as pause } from 'node:timers/promises'
import type { Admin } from 'kafkajs'
import { typeOf } from './errors.js'

const ATTEMPTS = 10
const FIRST_PAUSE_MS = 20
/** What a coordinator says while it takes up a group, as after a restart or when a group is new. kafkajs gives up at once. */
const SETTLING = /COORDINATOR|GROUP_LOAD_IN_PROGRESS|UNSTABLE_OFFSET_COMMIT/

/** By partition, the next offset that a group will consume; a partition of which it has settled nothing is left out. */
export async function groupOffsets(admin: Admin, group: string, topic: string): Promise<Map<number, number>> {
  for (let attempt = 1; ; attempt++) {
    try {
      const [offsets] = await admin.fetchOffsets({ groupId: group, topics: [topic] })
      return new Map(
        (offsets?.partitions ?? [])
          .map(({ partition, offset }) => [partition, Number(offset)] as const)
          .filter(([, offset]) => offset >= 0),
      )
    } catch (error) {
      if (attempt === ATTEMPTS || !SETTLING.test(typeOf(error))) throw error
      await pause(FIRST_PAUSE_MS * 2 ** attempt)
    }
  }
}
