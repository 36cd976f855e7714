import type { PipelineConfig, StartPosition } from '../config/types.js'
import { consumerGroup } from '../core/consumer-group.js'
import type { Broker, PartitionLease } from '../ports/broker.js'
import { holdAll } from './hold.js'
import { areForeign, decodeMarks, encodeMarks, ofTopic, type PartitionMarks } from './partition-meta.js'
import { offsetOf } from './start-position.js'

/** An offset is one of a single partition. */
export type ResetPlace = StartPosition | { readonly offset: number }

export interface ResetPartition {
  readonly partition: number
  /** Next offset to consume, before and after. */
  readonly from: number
  readonly to: number
}

/**
 * Takes a pipeline back to an earlier place in its input. States are dropped, and rebuilt from the records before it when
 * the pipeline starts again; what it publishes up to where it was is marked as a repeat. A partition that has not
 * come so far stays as it is.
 * @param only the one partition to take back; absent: all
 */
export async function reset(
  broker: Broker,
  { name, topic }: PipelineConfig,
  place: ResetPlace,
  now: number,
  dryRun: boolean,
  only?: number,
): Promise<ResetPartition[]> {
  return holdAll(broker, topic, consumerGroup(name), async (all) => {
    const leases = only === undefined ? all : [leaseOf(all, only)]
    const moves = await Promise.all(
      leases.map(async (lease) => {
        const { committed: from } = lease
        return { lease, from, to: Math.min(from, await goalOf(broker, lease, place, now)) }
      }),
    )
    for (const { lease, from, to } of moves) {
      if (dryRun || to === from) continue
      const stored = await lease.states.meta()
      const marks: PartitionMarks = stored === null ? {} : decodeMarks(stored)
      const { start, repeatBefore = 0 } = areForeign(marks, lease.topicId) ? {} : marks
      const moved = {
        ...(start === undefined ? {} : { start: Math.min(start, to) }),
        repeatBefore: Math.max(repeatBefore, from),
      }
      await lease.moveTo(to, encodeMarks(ofTopic(lease.topicId, moved)))
    }
    return moves.map(({ lease: { partition }, from, to }) => ({ partition, from, to }))
  })
}

function leaseOf(leases: readonly PartitionLease[], partition: number): PartitionLease {
  const lease = leases[partition]
  if (lease !== undefined) return lease
  throw new Error(`topic ${leases[0]!.topic} has partitions 0 to ${leases.length - 1}, and no ${partition}`)
}

async function goalOf(
  broker: Broker,
  { topic, partition }: PartitionLease,
  place: ResetPlace,
  now: number,
): Promise<number> {
  if (typeof place !== 'object') return offsetOf(broker, topic, partition, place, now)
  const { earliest } = (await broker.describe(topic))![partition]!
  if (place.offset >= earliest) return place.offset
  throw new Error(
    `offset ${place.offset} of ${topic}[${partition}] has been deleted: the oldest is ${earliest}`,
  )
}
