import type { PipelineConfig } from '../config/types.js'
import type { Broker, PartitionLease } from '../ports/broker.js'
import type { Clock } from '../ports/clock.js'
import type { ActiveModel } from './active-model.js'
import { decodeMeta, signature } from './partition-meta.js'
import { PartitionStates } from './partition-states.js'
import { Partition } from './partition.js'

export interface Restored {
  readonly partition: Partition
  readonly series: number
  readonly replayed: number
  readonly seconds: number
}

/**
 * Brings a partition's states to where its group has committed: latest snapshot, then a silent replay of the records
 * between it and the committed offset. Without a usable snapshot the replay starts at the oldest record there is.
 */
export async function restore(
  lease: PartitionLease,
  broker: Pick<Broker, 'read'>,
  config: PipelineConfig,
  model: ActiveModel,
  clock: Clock,
): Promise<Restored> {
  const started = performance.now()
  const states = new PartitionStates(config, lease.states, model)
  const partition = new Partition(config, states, model, lease.partition, clock)
  const stored = await lease.states.meta()
  const meta = stored === null ? null : decodeMeta(stored, signature(config))
  if (meta === null) await lease.states.clear()
  else {
    states.aligner.resume(meta.watermark ?? -Infinity)
    states.pooled.values.set(meta.pooled.values)
    states.pooled.counts.set(meta.pooled.counts)
    await loadRows(lease, states, config.state.maxResidentSeries)
    await partition.refresh()
  }
  const series = states.slots.size
  let replayed = 0
  const range = { ...(meta === null ? {} : { fromOffset: meta.offset + 1 }), toOffset: lease.committed }
  for await (const records of broker.read(lease.topic, lease.partition, range)) {
    lease.revoked.throwIfAborted()
    await partition.advance(records, false)
    replayed += records.length
  }
  return { partition, series, replayed, seconds: (performance.now() - started) / 1000 }
}

async function loadRows(lease: PartitionLease, states: PartitionStates, most: number): Promise<void> {
  for await (const rows of lease.states.load()) {
    for (const row of rows) {
      // Beyond that, the rest comes when its series do.
      if (states.slots.size < most || states.mustReside(row)) states.admit(row.series, row)
    }
  }
}
