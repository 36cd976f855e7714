import type { PipelineConfig } from '../config/types.js'
import type { Batch, PartitionLease } from '../ports/broker.js'
import type { Clock } from '../ports/clock.js'
import { signature } from './partition-meta.js'
import type { Advance } from './advance.js'
import type { Partition } from './partition.js'
import type { PartitionStates } from './partition-states.js'

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
  readonly snapshot: WrittenSnapshot | null
}

export interface WrittenSnapshot {
  readonly rows: number
  readonly bytes: number
  readonly seconds: number
}

/** What a partition has to do with the others in its process. */
export interface Surroundings {
  /** Another one is being taken over: what can wait leaves it the processor. */
  readonly busy: () => boolean
  /** A snapshot has been written apart from a batch. */
  readonly stored: (snapshot: WrittenSnapshot) => void
  /** A network in the shadow could not go on; it is to begin anew. */
  readonly shadowLost: (error: unknown) => void
  /** To be awaited before a batch is taken: covariates that are known ahead are looked at. */
  readonly foretell: () => Promise<void> | undefined
}

export const ALONE: Surroundings = {
  busy: () => false,
  stored: () => undefined,
  shadowLost: () => undefined,
  foretell: () => undefined,
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
    private readonly around: Surroundings,
  ) {
    this.lastSnapshot = clock.now()
    this.pause = config.state.snapshotEvery
  }

  async settle(batch: Batch, advance: Advance, started: number): Promise<SettledBatch> {
    const { records } = batch
    const last = records.at(-1)!
    const { states } = this.partition
    const rested = this.clock.now() - this.lastSnapshot >= this.pause
    const due = (rested && !this.around.busy()) || states.crowded
    const before = performance.now()
    if (due) advance.forgotten += await states.forgetIdle()
    const snapshot = due ? states.snapshot(last.offset, { signature: signature(this.config) }) : null
    const { outputs } = advance
    await batch.settle(snapshot === null ? { outputs } : { outputs, snapshot })
    const written = snapshot && this.saved(snapshot, before)
    return {
      partition: this.lease.partition,
      records: records.length,
      advance,
      lag: Math.max(0, batch.highWatermark - this.lease.committed),
      offset: last.offset,
      seconds: (performance.now() - started) / 1000,
      oldest: records[0]!.timestamp,
      snapshot: written,
    }
  }

  /**
   * A snapshot between two batches, as of the last settled offset.
   * @param whole also rows that could be made anew
   */
  async checkpoint(offset: number, whole = false): Promise<void> {
    const before = performance.now()
    const meta = { signature: signature(this.config) }
    const snapshot = this.partition.states.snapshot(offset, meta, whole ? Infinity : undefined)
    await this.lease.checkpoint(snapshot)
    this.around.stored(this.saved(snapshot, before))
  }

  private saved(snapshot: ReturnType<PartitionStates['snapshot']>, before: number): WrittenSnapshot {
    snapshot.saved()
    const { states } = this.partition
    if (states.crowded) states.evict()
    this.lastSnapshot = this.clock.now()
    const ms = performance.now() - before
    this.pause = Math.max(this.config.state.snapshotEvery, 10 * ms)
    const rows = snapshot.rows.length
    return { rows, bytes: rows * states.bytesPerSeries, seconds: ms / 1000 }
  }
}
