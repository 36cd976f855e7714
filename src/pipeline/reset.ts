import type { PipelineConfig, StartPosition } from '../config/types.js'
import { consumerGroup } from '../core/consumer-group.js'
import type { Broker } from '../ports/broker.js'
import { holdAll } from './hold.js'
import { decodeMarks, encodeMarks, type PartitionMarks } from './partition-meta.js'
import { offsetOf } from './start-position.js'

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
 */
export async function reset(
  broker: Broker,
  { name, topic }: PipelineConfig,
  position: StartPosition,
  now: number,
  dryRun: boolean,
): Promise<ResetPartition[]> {
  return holdAll(broker, topic, consumerGroup(name), async (leases) => {
    const moves = await Promise.all(
      leases.map(async (lease) => {
        const { partition, committed: from } = lease
        return { lease, from, to: Math.min(from, await offsetOf(broker, topic, partition, position, now)) }
      }),
    )
    for (const { lease, from, to } of moves) {
      if (dryRun || to === from) continue
      const stored = await lease.states.meta()
      const { start, repeatBefore = 0 }: PartitionMarks = stored === null ? {} : decodeMarks(stored)
      const marks = {
        ...(start === undefined ? {} : { start: Math.min(start, to) }),
        repeatBefore: Math.max(repeatBefore, from),
      }
      await lease.moveTo(to, encodeMarks(marks))
    }
    return moves.map(({ lease: { partition }, from, to }) => ({ partition, from, to }))
  })
}
