import { BrokerError } from '../../ports/broker.js'
import type {
  Batch,
  LogRecord,
  PartitionLease,
  Settlement,
  Snapshot,
  StoredStates,
} from '../../ports/broker.js'
import type { PartitionRef } from './keys.js'
import { PartitionReader } from './partition-reader.js'
import { MAX_SETTLED_BYTES } from './record-batch.js'
import { PartitionStates } from './group-store.js'
import type { Stores } from './stores.js'

/** Rounding up to a page and index for the few small values that every settlement writes. */
const SETTLEMENT_OVERHEAD = 65_536

export class EmbeddedLease implements PartitionLease {
  readonly maxRecordBytes = MAX_SETTLED_BYTES
  readonly states: StoredStates
  readonly #revocation = new AbortController()
  readonly #reader: PartitionReader
  #committed: number
  #fresh: boolean
  #skipped = 0
  #unsettled: object | null = null
  readonly #writing = new Set<Promise<void>>()

  constructor(
    readonly topic: string,
    readonly partition: number,
    readonly topicId: string | null,
    private readonly stores: Stores,
    private readonly logRef: PartitionRef,
    private readonly groupRef: PartitionRef,
    private readonly giveBack: () => Promise<void>,
  ) {
    const { earliest } = stores.log.row(logRef)
    const committed = stores.groups.committed(groupRef)
    this.#fresh = committed === null
    this.#committed = committed ?? earliest
    this.#reader = new PartitionReader(stores.log, logRef, this.#committed)
    this.#skipDeleted(earliest)
    this.states = new PartitionStates(stores.environment, groupRef)
  }

  get committed(): number {
    return this.#committed
  }

  get fresh(): boolean {
    return this.#fresh
  }

  get skipped(): number {
    return this.#skipped
  }

  get revoked(): AbortSignal {
    return this.#revocation.signal
  }

  async next(maxRecords: number): Promise<Batch> {
    this.#assertOwned()
    this.#assertSettled()
    if (!(maxRecords >= 1)) throw new RangeError(`A batch has at least 1 record, not ${maxRecords}.`)
    const delivery = {}
    this.#unsettled = delivery
    try {
      for (;;) {
        const { earliest, end } = this.stores.log.row(this.logRef)
        this.#skipDeleted(earliest)
        const records = this.#reader.read(maxRecords, end)
        if (records.length > 0) return this.#batch(delivery, records, end)
        await this.stores.appends.wait(this.logRef, this.revoked)
        if (this.revoked.aborted) throw this.#revokedError()
      }
    } catch (error) {
      this.#unsettled = null
      throw error
    }
  }

  async checkpoint(snapshot: Snapshot): Promise<void> {
    this.#assertOwned()
    const states = this.stores.groups.prepareSnapshot(this.groupRef, snapshot)
    await this.#write(states.bytes, () => states.store())
  }

  async moveTo(offset: number, meta: Uint8Array): Promise<void> {
    this.#assertOwned()
    this.#assertSettled()
    const { groups } = this.stores
    const { bytes, store } = groups.prepareSnapshot(this.groupRef, { meta, rows: [] })
    await this.#write(bytes + SETTLEMENT_OVERHEAD, () => {
      groups.clear(this.groupRef)
      store()
      groups.commit(this.groupRef, offset)
    })
    this.#committed = offset
    this.#fresh = false
    this.#reader.rewind(offset)
  }

  async release(): Promise<void> {
    if (!this.revoked.aborted) await this.giveBack()
  }

  /** Ends ownership. Resolves when nothing is being written any more, so that the next owner finds its outcome. */
  async revoke(): Promise<void> {
    this.#revocation.abort()
    await Promise.allSettled(this.#writing)
  }

  #batch(delivery: object, records: readonly LogRecord[], highWatermark: number): Batch {
    const settle = async (settlement: Settlement): Promise<void> => {
      this.#assertOwned()
      if (this.#unsettled !== delivery) {
        throw new Error(`This batch of ${this.topic}[${this.partition}] has been settled already.`)
      }
      const next = (records.at(-1)?.offset ?? this.#committed) + 1
      try {
        await this.#settle(settlement, next)
        this.#committed = next
        this.#fresh = false
      } catch (error) {
        this.#reader.rewind(this.#committed)
        throw error
      } finally {
        this.#unsettled = null
      }
    }
    const abandon = (): void => {
      if (this.#unsettled !== delivery) return
      this.#reader.rewind(this.#committed)
      this.#unsettled = null
    }
    return { records, highWatermark, settle, abandon }
  }

  async #settle({ outputs, snapshot }: Settlement, next: number): Promise<void> {
    const { groups, outbound, appends, clock } = this.stores
    const prepared = outbound.prepare(outputs, clock.now(), MAX_SETTLED_BYTES)
    const states = snapshot && groups.prepareSnapshot(this.groupRef, snapshot)
    await this.#write(prepared.bytes + (states?.bytes ?? 0) + SETTLEMENT_OVERHEAD, () => {
      prepared.append()
      states?.store()
      groups.commit(this.groupRef, next)
    })
    appends.notify(prepared.partitions)
  }

  async #write(bytes: number, action: () => void): Promise<void> {
    const writing = this.stores.environment.write(bytes, () => {
      // Ownership may have been lost while this transaction waited for the one before it.
      this.#assertOwned()
      action()
    })
    this.#writing.add(writing)
    try {
      await writing
    } finally {
      this.#writing.delete(writing)
    }
  }

  /** Retention does not wait for consumers: what it deleted is passed over, and counted. */
  #skipDeleted(earliest: number): void {
    if (this.#committed >= earliest) return
    this.#skipped += earliest - this.#committed
    this.#committed = earliest
    this.#reader.rewind(earliest)
  }

  #assertSettled(): void {
    if (this.#unsettled === null) return
    throw new Error(`The previous batch of ${this.topic}[${this.partition}] has not been settled.`)
  }

  #assertOwned(): void {
    this.stores.environment.assertOpen()
    if (this.revoked.aborted) throw this.#revokedError()
  }

  #revokedError(): BrokerError {
    return new BrokerError('revoked', `Partition ${this.partition} of ${this.topic} is no longer ours.`)
  }
}
