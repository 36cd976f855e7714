import { setTimeout as pause } from 'node:timers/promises'
import { BrokerError } from '../../ports/broker.js'
import type {
  Batch,
  LogRecord,
  PartitionLease,
  Settlement,
  Snapshot,
  StoredStates,
} from '../../ports/broker.js'
import type { LeaseParts } from './lease-parts.js'
import { takeOverAccess, translated } from './errors.js'
import type { Access } from './errors.js'
import type { LocalStates } from './local-states.js'
import { MAX_RECORD_BYTES, type Addressed } from './sends.js'
import { statesTopic } from './states-topic.js'
import type { ConsumedOffset } from './transactor.js'

export class KafkaLease implements PartitionLease {
  readonly topic: string
  readonly partition: number
  readonly topicId: string | null
  readonly maxRecordBytes = MAX_RECORD_BYTES
  readonly states: StoredStates
  readonly #revocation = new AbortController()
  #settledTo: number
  #fresh: boolean
  /** What Kafka knows of that; less only while a published batch waits for its commit. */
  #committedTo: number
  #committing = false
  #taken = -Infinity
  #unsettled: object | null = null
  #ending: Promise<void> | null = null
  #lost = false

  constructor(private readonly of: LeaseParts) {
    this.topic = of.topic
    this.partition = of.partition
    this.topicId = of.topicId
    this.#settledTo = this.#committedTo = of.queue.start
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
      const { queue, publisher, commitIntervalMs } = this.of
      const notBefore = publisher === null ? this.#taken + commitIntervalMs : -Infinity
      const records = await queue.take(maxRecords, notBefore, this.revoked)
      if (this.revoked.aborted) throw this.#revokedError()
      this.#taken = performance.now()
      return this.#batch(delivery, records)
    } catch (error) {
      this.#unsettled = null
      // It may come back as another topic, of which this lease knows nothing.
      if (error instanceof BrokerError && error.code === 'unknown-topic') this.#lose(error)
      throw error
    }
  }

  async checkpoint(snapshot: Snapshot): Promise<void> {
    this.#assertOwned()
    const { records, store } = this.#prepare(snapshot)
    await this.#commit(records, this.#settledTo)
    await this.#keep(store)
  }

  async moveTo(offset: number, meta: Uint8Array): Promise<void> {
    this.#assertOwned()
    this.#assertSettled()
    const { local, ref, group, queue } = this.of
    const { records, store } = this.#prepare({ meta, rows: [] })
    // Also where it stays, it is committed from now on.
    await this.#transact([...local.tombstones(ref, statesTopic(group)), ...records], this.#consumed(offset))
    this.#settledTo = this.#committedTo = offset
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
    const { publisher, transactor } = this.of
    await publisher?.close()
    // What has been published need not come again. Best effort: the next owner may have taken the id over already.
    if (this.#committedTo < this.#settledTo && !this.#lost) {
      await transactor.run([], this.#consumed(this.#settledTo)).catch(() => undefined)
    }
    await transactor.close()
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
    const { parts, queue, publisher } = this.of
    const prepared = snapshot && this.#prepare(snapshot)
    const sent = await parts.addresser.address(outputs, parts.clock.now())
    const states = prepared?.records ?? []
    const offset = queue.after(records.length)
    if (publisher === null) {
      for (const record of states) sent.push(record)
      await this.#commit(sent, offset)
    } else {
      await this.#attempt(sent, () => publisher.send(sent))
      if (prepared !== undefined) await this.#commit(states, offset)
    }
    this.#settledTo = offset
    this.#fresh = false
    queue.drop(records.length)
    if (prepared !== undefined) await this.#keep(prepared.store)
    else if (publisher !== null && !this.#committing) void this.#commitSoon()
  }

  /** Offsets follow what has been published, one commit per interval. */
  async #commitSoon(): Promise<void> {
    this.#committing = true
    try {
      while (this.#committedTo < this.#settledTo && !this.revoked.aborted) {
        await this.#commit([], this.#settledTo)
        await pause(this.of.commitIntervalMs, undefined, { signal: this.revoked })
      }
    } catch {
      // The partition has been lost or given back: who takes it over goes on at what is committed.
    } finally {
      this.#committing = false
    }
  }

  #prepare(snapshot: Snapshot): ReturnType<LocalStates['prepare']> {
    const { local, ref, group, transactor } = this.of
    const topic = statesTopic(group)
    return local.prepare(ref, snapshot, topic, () => transactor.writtenFrom(topic))
  }

  async #commit(records: readonly Addressed[], offset: number): Promise<void> {
    const consumed = offset === this.#committedTo ? undefined : this.#consumed(offset)
    await this.#transact(records, consumed)
    this.#committedTo = offset
  }

  #consumed(offset: number): ConsumedOffset {
    const { group, topic, partition, partitions } = this.of
    return { group, topic, partition, offset, partitions }
  }

  #transact(records: readonly Addressed[], consumed: ConsumedOffset | undefined): Promise<void> {
    return this.#attempt(records, () => this.of.transactor.run(records, consumed))
  }

  async #attempt(records: readonly Addressed[], write: () => Promise<void>): Promise<void> {
    this.#assertOwned()
    try {
      await this.of.queue.verified
      await write()
    } catch (error) {
      throw this.#lose(translated(error, `to write for ${this.#name}`, this.#access(records)))
    }
  }

  #access(records: readonly Addressed[]): Access {
    const topics = [...new Set(records.map(({ topic }) => topic))]
    return {
      ...takeOverAccess(this.of.group, this.topic),
      topic: `Write on each of the topics ${topics.join(', ')}`,
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
    this.#lost = true
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
