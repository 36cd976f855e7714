import type { PipelineConfig } from '../config/types.js'
import type { Batch, PartitionLease } from '../ports/broker.js'
import type { Clock } from '../ports/clock.js'
import { signature } from './partition-meta.js'
import type { Advance } from './advance.js'
import type { Partition } from './partition.js'

/** A batch that has taken effect: its forecasts are visible, its offset committed. */
export interface SettledBatch {
  readonly partition: number
  readonly records: number
  readonly advance: Advance
  readonly lag: number
  /** Offset of the last record. */
  readonly offset: number
  /** From the call for records to the commit, without the wait for records. */
  readonly seconds: number
  /** Time of arrival (ms) of the oldest record. */
  readonly oldest: number
  readonly snapshot: { readonly rows: number; readonly bytes: number; readonly seconds: number } | null
}

/** Publishes and commits batches of one partition, with a snapshot now and then. */
export class Settler {
  private lastSnapshot: number
  /** A snapshot may take a tenth of the time: a big one is written less often than configured. */
  private pause: number

  constructor(
    private readonly lease: PartitionLease,
    private readonly partition: Partition,
    private readonly config: PipelineConfig,
    private readonly clock: Clock,
  ) {
    this.lastSnapshot = clock.now()
    this.pause = config.state.snapshotEvery
  }

  async settle(batch: Batch, advance: Advance, started: number): Promise<SettledBatch> {
    const { records } = batch
    const last = records.at(-1)!
    const { states } = this.partition
    const due = this.clock.now() - this.lastSnapshot >= this.pause || states.crowded
    const before = performance.now()
    if (due) advance.forgotten += await states.forgetIdle()
    const snapshot = due ? states.snapshot(last.offset, { signature: signature(this.config) }) : null
    const { outputs } = advance
    await batch.settle(snapshot === null ? { outputs } : { outputs, snapshot })
    if (snapshot !== null) this.saved(snapshot.saved, before)
    return {
      partition: this.lease.partition,
      records: records.length,
      advance,
      lag: Math.max(0, batch.highWatermark - this.lease.committed),
      offset: last.offset,
      seconds: (performance.now() - started) / 1000,
      oldest: records[0]!.timestamp,
      snapshot:
        snapshot === null
          ? null
          : {
              rows: snapshot.rows.length,
              bytes: snapshot.rows.length * states.bytesPerSeries,
              seconds: (performance.now() - before) / 1000,
            },
    }
  }

  /** A snapshot between two batches, as of the last settled offset. */
  async checkpoint(offset: number): Promise<void> {
    const before = performance.now()
    const snapshot = this.partition.states.snapshot(offset, { signature: signature(this.config) })
    await this.lease.checkpoint(snapshot)
    this.saved(snapshot.saved, before)
  }

  private saved(done: () => void, before: number): void {
    done()
    const { states } = this.partition
    if (states.crowded) states.evict()
    this.lastSnapshot = this.clock.now()
    this.pause = Math.max(this.config.state.snapshotEvery, 10 * (performance.now() - before))
  }
}
