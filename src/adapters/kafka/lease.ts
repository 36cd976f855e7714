import { BrokerError } from '../../ports/broker.js'
import type {
  Batch,
  LogRecord,
  PartitionLease,
  Settlement,
  Snapshot,
  StoredStates,
} from '../../ports/broker.js'
import type { PartitionRef } from '../embedded/keys.js'
import { translated } from './errors.js'
import type { PartitionFetcher } from './fetcher.js'
import type { LocalStates } from './local-states.js'
import type { KafkaParts } from './parts.js'
import type { RecordQueue } from './record-queue.js'
import type { Addressed } from './sends.js'
import { statesTopic } from './states-topic.js'
import type { ConsumedOffset, Transactor } from './transactor.js'

export interface LeaseOwner {
  /** The lease gives its partition back. */
  release(lease: KafkaLease): Promise<void>
  /** The lease can write no more, and nobody knows whether its last transaction took effect. */
  lost(lease: KafkaLease, error: unknown): void
}

export interface LeaseParts {
  readonly parts: KafkaParts
  readonly group: string
  readonly topic: string
  readonly partition: number
  readonly transactor: Transactor
  readonly fetcher: PartitionFetcher
  readonly queue: RecordQueue
  readonly local: LocalStates
  readonly ref: PartitionRef
  readonly owner: LeaseOwner
  readonly fresh: boolean
}

export class KafkaLease implements PartitionLease {
  readonly topic: string
  readonly partition: number
  readonly states: StoredStates
  readonly #revocation = new AbortController()
  #settledTo: number
  #fresh: boolean
  #unsettled: object | null = null
  #ending: Promise<void> | null = null

  constructor(private readonly of: LeaseParts) {
    this.topic = of.topic
    this.partition = of.partition
    this.#settledTo = of.queue.start
    this.#fresh = of.fresh
    this.states = of.local.view(of.ref)
  }

  get committed(): number {
    // With nothing in hand, what retention deleted meanwhile has been passed over.
    return this.#unsettled === null && this.skipped > 0
      ? Math.max(this.#settledTo, this.of.queue.start)
      : this.#settledTo
  }

  get fresh(): boolean {
    return this.#fresh
  }

  get skipped(): number {
    return this.of.queue.skipped
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
      const records = await this.of.queue.take(maxRecords, this.revoked)
      if (this.revoked.aborted) throw this.#revokedError()
      return this.#batch(delivery, records)
    } catch (error) {
      this.#unsettled = null
      throw error
    }
  }

  async checkpoint(snapshot: Snapshot): Promise<void> {
    this.#assertOwned()
    const { records, store } = this.#prepare(snapshot)
    await this.#write(records)
    await this.#keep(store)
  }

  async moveTo(offset: number, meta: Uint8Array): Promise<void> {
    this.#assertOwned()
    this.#assertSettled()
    const { local, ref, group, queue } = this.of
    const { records, store } = this.#prepare({ meta, rows: [] })
    await this.#write([...local.tombstones(ref, statesTopic(group)), ...records], this.#consumed(offset))
    this.#settledTo = offset
    this.#fresh = false
    queue.seek(offset)
    await this.#keep(async () => {
      await local.clear(ref)
      await store()
    })
  }

  async release(): Promise<void> {
    if (!this.revoked.aborted) await this.of.owner.release(this)
  }

  /** Ends ownership. Resolves when nothing is being written any more, so that the next owner finds its outcome. */
  revoke(): Promise<void> {
    this.#revocation.abort()
    this.#ending ??= this.#end()
    return this.#ending
  }

  async #end(): Promise<void> {
    await this.of.transactor.close()
    await this.of.fetcher.close()
  }

  #batch(delivery: object, records: readonly LogRecord[]): Batch {
    const settle = async (settlement: Settlement): Promise<void> => {
      this.#assertOwned()
      if (this.#unsettled !== delivery)
        throw new Error(`This batch of ${this.#name} has been settled already.`)
      try {
        await this.#settle(settlement, records)
      } finally {
        this.#unsettled = null
      }
    }
    const abandon = (): void => {
      if (this.#unsettled === delivery) this.#unsettled = null
    }
    return { records, highWatermark: this.of.queue.highWatermark, settle, abandon }
  }

  async #settle({ outputs, snapshot }: Settlement, records: readonly LogRecord[]): Promise<void> {
    const { parts, queue } = this.of
    const prepared = snapshot && this.#prepare(snapshot)
    const sent = await parts.addresser.address(outputs, parts.clock.now())
    for (const record of prepared?.records ?? []) sent.push(record)
    const offset = records.at(-1)!.offset + 1
    await this.#write(sent, this.#consumed(offset))
    this.#settledTo = offset
    this.#fresh = false
    queue.drop(records.length)
    if (prepared !== undefined) await this.#keep(prepared.store)
  }

  #consumed(offset: number): ConsumedOffset {
    return { group: this.of.group, topic: this.topic, partition: this.partition, offset }
  }

  #prepare(snapshot: Snapshot): ReturnType<LocalStates['prepare']> {
    return this.of.local.prepare(this.of.ref, snapshot, statesTopic(this.of.group))
  }

  async #write(records: readonly Addressed[], consumed?: ConsumedOffset): Promise<void> {
    this.#assertOwned()
    try {
      await this.of.transactor.run(records, consumed)
    } catch (error) {
      throw this.#lose(translated(error, `to write for ${this.#name}`))
    }
  }

  /** The local copy follows what Kafka has committed; where it cannot, the partition is taken over anew, with all its states. */
  async #keep(store: () => Promise<void>): Promise<void> {
    try {
      await store()
    } catch (error) {
      this.#lose(error)
    }
  }

  #lose(error: unknown): unknown {
    this.#revocation.abort()
    this.of.owner.lost(this, error)
    return error
  }

  #assertSettled(): void {
    if (this.#unsettled !== null) throw new Error(`The previous batch of ${this.#name} has not been settled.`)
  }

  #assertOwned(): void {
    this.of.parts.assertOpen()
    if (this.revoked.aborted) throw this.#revokedError()
  }

  #revokedError(): BrokerError {
    return new BrokerError('revoked', `Partition ${this.partition} of ${this.topic} is no longer ours.`)
  }

  get #name(): string {
    return `${this.topic}[${this.partition}]`
  }
}
