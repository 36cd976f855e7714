import { setTimeout as pause } from 'node:timers/promises'
import type { PipelineConfig } from '../config/types.js'
import type { Batch, PartitionLease } from '../ports/broker.js'
import type { Clock } from '../ports/clock.js'
import type { ActiveModel } from './active-model.js'
import type { Branch } from './continuation.js'
import type { Formats } from './formats.js'
import type { Partition } from './partition.js'
import type { Worker } from './pipe.js'
import { StaleWatch } from './series/stale.js'
import type { Fork } from './series/what-if.js'
import { Shadow } from './shadow.js'
import { ALONE, Settler, type SettledBatch, type Surroundings } from './settle.js'

/** Of a batch's time, what a slice of preparing another network may take, and ms that it may take in any case. */
const SLICE_SHARE = 0.25
const LEAST_SLICE_MS = 3

/** A restored partition at work. Batches and swaps of the network take turns; nothing else touches its states. */
export class PartitionRuntime implements Worker {
  /** Offset of the last settled record; everything up to it is in the states. */
  private settled: number
  private settler: Settler
  private turn: Promise<unknown> = Promise.resolve()
  lag = 0
  private told = 0
  /** What the latest batch took, ms. */
  private batchMs = 0
  /** Why the states are worth nothing, as a batch or a swap has failed half-way: the partition is to be restored. */
  private broken: Error | null = null
  /** Nothing is taken any more: what comes is for the successor. */
  private halted = false
  /** All stored series are resident that there is room for. */
  private filled = false
  readonly stale: StaleWatch
  /** Fires when no batch has come for a while. */
  private resting: NodeJS.Timeout | undefined

  constructor(
    readonly lease: PartitionLease,
    readonly partition: Partition,
    private config: PipelineConfig,
    private readonly clock: Clock,
    private readonly around: Surroundings = ALONE,
  ) {
    this.settled = lease.committed - 1
    this.stale = new StaleWatch(partition.states)
    this.settler = new Settler(lease, partition, config, clock, around)
  }

  /** Records that the broker deleted before they were consumed, each told once. */
  lostSinceAsked(): number {
    const { skipped } = this.lease
    const lost = skipped - this.told
    this.told = skipped
    return lost
  }

  async process(batch: Batch): Promise<SettledBatch> {
    clearTimeout(this.resting)
    const settled = await this.alone(() => this.take(batch))
    return settled ?? new Promise<never>(() => undefined) // the pipe is being taken down
  }

  /**
   * Makes the states under another network, beside those in use and a little at a time: batches have their turns in
   * between, and wait for a fraction of what they take themselves. Ends early where the partition is lost or to be
   * restored.
   */
  async prepare(model: ActiveModel, signal: AbortSignal): Promise<void> {
    const { partition, lease } = this
    const over = (): boolean => this.broken !== null || this.halted || lease.revoked.aborted || signal.aborted
    await this.alone(async () => {
      partition.prepare(model)
    })
    for (;;) {
      const [ready, took] = await this.alone(async () => {
        const started = performance.now()
        const budget = Math.max(LEAST_SLICE_MS, this.batchMs * SLICE_SHARE)
        const ready = over() || (await partition.rewarmSome(budget))
        return [ready, performance.now() - started] as const
      })
      if (ready) return
      await pause(took)
    }
  }

  /** What `prepare` has made is dropped. */
  forgo(): Promise<void> {
    return this.alone(async () => {
      this.partition.states.successor = null
    })
  }

  /** Takes a network into use between two batches; the snapshot makes sure that no replay crosses the change. */
  swap(model: ActiveModel): Promise<void> {
    return this.alone(async () => {
      if (this.broken !== null) return // what is restored starts with the new network
      this.broken = new Error('a change of the network failed; the partition is restored')
      await this.partition.swap(model)
      this.partition.states.shadow = this.partition.states.shadowed = null
      await this.settler.checkpoint(this.settled)
      this.broken = null
    })
  }

  /** Takes up another configuration between two batches; the snapshot makes sure that no replay crosses the change. */
  reconfigure(config: PipelineConfig, formats: Formats): Promise<void> {
    return this.alone(async () => {
      this.config = config
      if (this.broken === null) await this.settler.checkpoint(this.settled)
      this.partition.reconfigure(config, formats)
      // It goes on under the new one.
      const { states } = this.partition
      if (states.shadow !== null) [states.shadowed, states.shadow] = [states.shadow.memory(), null]
      this.settler = new Settler(this.lease, this.partition, config, this.clock, this.around)
    })
  }

  /** In the shadow of the network in use; `null`: none. */
  get shadow(): Shadow | null {
    return this.partition.states.shadow
  }

  /** Lets a network run in the shadow from the next batch on, where it does not yet and stored series are back; `null` ends that. */
  accompany(model: ActiveModel | null): Promise<void> {
    return this.alone(async () => {
      const { partition, config } = this
      const { states } = partition
      if (this.broken !== null || this.halted) return
      if (model === null) states.shadow = states.shadowed = null
      else if (states.shadow?.model !== model && this.filled && states.slots.size > 0) {
        states.shadow = await Shadow.beside(partition, config, model)
      }
    })
  }

  /** A copy of a symbol series between two batches; `null` where there is none of it. */
  branch(series: string): Promise<Branch | null> {
    return this.alone(async () => (this.broken !== null ? null : this.partition.branch(series)))
  }

  /** A copy of a series of numbers between two batches; `null` where there is none of it. */
  fork(series: string): Promise<Fork | null> {
    return this.alone(async () => (this.broken !== null ? null : this.partition.fork(series)))
  }

  /** The last batch is settled and its states are written; nothing is taken any more. */
  halt(): Promise<void> {
    clearTimeout(this.resting)
    return this.alone(async () => {
      this.halted = true
      if (this.broken === null) await this.settler.checkpoint(this.settled, true)
    })
  }

  /** The states as of the last settled batch. */
  checkpoint(): Promise<void> {
    return this.alone(async () => {
      if (this.broken === null) await this.settler.checkpoint(this.settled)
    })
  }

  /**
   * Makes the stored series resident that have not come by themselves, some at a time, between batches and for half of the
   * time at most. A row that cannot be read fails the next batch: then the partition is restored, as after any failure.
   */
  async fill(): Promise<void> {
    for (;;) {
      const ms = await this.alone(() => this.fillSome())
      if (ms === null) {
        this.filled = true
        return
      }
      await pause(ms)
    }
  }

  /** Nothing is written any more but what is under way. */
  end(): void {
    this.halted = true
    clearTimeout(this.resting)
  }

  /** `null`: nothing is taken any more. */
  private async take(batch: Batch): Promise<SettledBatch | null> {
    const started = performance.now()
    try {
      if (this.halted) {
        batch.abandon()
        return null
      }
      if (this.broken !== null) throw this.broken
      // Until it is settled the batch waits too: one that hangs is to be seen.
      this.lag = Math.max(0, batch.highWatermark - this.lease.committed)
      await this.around.foretell()
      const advance = await this.partition.advance(batch.records, true)
      const settled = await this.settler.settle(batch, advance, started)
      this.settled = settled.offset
      this.lag = settled.lag
      this.batchMs = settled.seconds * 1000
      this.rest(settled.snapshot !== null)
      await this.advanceShadow(batch)
      return settled
    } catch (error) {
      this.broken = asError(error)
      batch.abandon()
      throw error
    }
  }

  /** @returns how long it took, ms; `null` when nothing is left to do */
  private async fillSome(): Promise<number | null> {
    if (this.halted || this.broken !== null) return null
    const started = performance.now()
    try {
      return (await this.partition.admitStored()) ? performance.now() - started : null
    } catch (error) {
      this.broken = asError(error)
      return null
    }
  }

  /** Whatever becomes of it, the batch has been settled. */
  private async advanceShadow({ records }: Batch): Promise<void> {
    try {
      await this.shadow?.advance(records)
    } catch (error) {
      this.partition.states.shadow = null
      this.around.shadowLost(error)
    }
  }

  /** What a burst has left unstored is stored when it is over: until then a successor would have to replay it. */
  private rest(stored: boolean): void {
    if (stored) return
    const store = (): void => {
      if (this.around.busy()) this.rest(false)
      else void this.checkpoint().catch(() => undefined) // the next batch stores it too
    }
    this.resting = setTimeout(store, this.config.state.snapshotEvery).unref()
  }

  private alone<T>(work: () => Promise<T>): Promise<T> {
    const result = this.turn.then(work)
    this.turn = result.catch(() => undefined)
    return result
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
