import type { PipelineConfig } from '../config/types.js'
import type { KnownAhead } from '../core/known-ahead.js'
import type { Broker, PartitionLease } from '../ports/broker.js'
import type { Clock } from '../ports/clock.js'
import type { ActiveModel } from './active-model.js'
import { readEarlier } from './earlier-states.js'
import { PLAIN, type Formats } from './formats.js'
import { areForeign, decodeMarks, decodeRebuild, encodeMarks, ofTopic } from './partition-meta.js'
import type { PartitionMarks, Rebuild } from './partition-meta.js'
import { PartitionStates } from './partition-states.js'
import { Partition } from './partition.js'
import { recentPast } from './recent-past.js'
import { offsetOf } from './start-position.js'

export interface Restored {
  readonly partition: Partition
  readonly series: number
  readonly replayed: number
  readonly seconds: number
  /** The topic is another one than before under its name: what was stored has been dropped. */
  readonly replaced: boolean
}

/**
 * Brings a partition's states to where its group has committed: latest snapshot, of which a series' row is read when the
 * series comes, then a silent replay of the records between it and the committed offset. Where there has not been one since the pipeline began, the replay starts where it
 * began; where states were lost or dropped, it covers the recent past. A topic that was made anew is one that the
 * pipeline has not consumed anything of yet.
 */
export async function restore(
  lease: PartitionLease,
  broker: Pick<Broker, 'read' | 'describe' | 'offsetAt'>,
  config: PipelineConfig,
  model: ActiveModel,
  clock: Clock,
  formats: Formats = PLAIN,
  ahead: KnownAhead | null = null,
): Promise<Restored> {
  const started = performance.now()
  const states = new PartitionStates(config, lease.states, model)
  states.ahead = ahead
  const partition = new Partition(
    config,
    states,
    model,
    lease.partition,
    clock,
    formats,
    lease.maxRecordBytes,
  )
  const stored = await lease.states.meta()
  const marks = stored === null ? {} : decodeMarks(stored)
  const replaced = areForeign(marks, lease.topicId)
  const begins = replaced || (stored === null && lease.fresh)
  const earlier = stored === null || begins ? null : readEarlier(stored, lease.states, config)
  states.marks = begins ? await begin(lease, broker, config, clock) : ofTopic(lease.topicId, marks)
  let rebuild: Rebuild = { from: lease.committed, known: lease.committed }
  if (earlier !== null) {
    const { offset } = earlier.meta
    rebuild = { from: offset + 1, known: offset + 1 }
    states.resume(earlier)
    // An interval that is open closes with the watermark, whether its series comes back or not.
    await states.leaveStored()
  } else if (!begins) {
    const decided = stored === null ? null : decodeRebuild(stored)
    rebuild = decided ?? (await recentPast(lease, broker, config, marks.start ?? 0, formats.lookup))
    await lease.moveTo(lease.committed, encodeMarks(states.marks, rebuild))
  }
  const series = states.slots.size + states.spilled
  let replayed = 0
  for (const [limited, fromOffset, toOffset] of [
    [false, rebuild.from, rebuild.known],
    [true, rebuild.known, lease.committed],
  ] as const) {
    states.newcomers.limited = limited
    if (fromOffset === toOffset) continue
    for await (const records of broker.read(lease.topic, lease.partition, { fromOffset, toOffset })) {
      lease.revoked.throwIfAborted()
      await partition.advance(records, false)
      replayed += records.length
    }
  }
  return { partition, series, replayed, replaced, seconds: (performance.now() - started) / 1000 }
}

/** Where the pipeline begins, and in which topic, is decided once, before the first record, and stored: "latest" is another place later on. */
async function begin(
  lease: PartitionLease,
  broker: Pick<Broker, 'describe' | 'offsetAt'>,
  { start }: PipelineConfig,
  clock: Clock,
): Promise<PartitionMarks> {
  const offset = await offsetOf(broker, lease.topic, lease.partition, start, clock.now())
  const marks = ofTopic(lease.topicId, start === 'earliest' ? {} : { start: offset })
  await lease.moveTo(offset, encodeMarks(marks, { from: offset, known: offset }))
  return marks
}
