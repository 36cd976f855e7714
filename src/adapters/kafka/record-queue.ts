import { setTimeout as pause } from 'node:timers/promises'
import { BrokerError } from '../../ports/broker.js'
import type { LogRecord } from '../../ports/broker.js'
import { translated, typeOf } from './errors.js'
import type { PartitionFetcher } from './fetcher.js'

/** How long Kafka holds back an answer when there is nothing new. */
const WAIT_MS = 500

/**
 * The records of a partition that have been fetched and not been settled. While a batch is being worked on at most one
 * fetch reads ahead, and only when the rest would not make a batch: so at most two fetches are held.
 */
export class RecordQueue {
  #records: LogRecord[] = []
  #fetching: Promise<void> | null = null
  highWatermark = 0
  /** Records that retention deleted before they were fetched. */
  skipped = 0
  /** Rejects where what is held may be of another topic of the same name. */
  verified: Promise<void> = Promise.resolve()

  constructor(
    private readonly fetcher: PartitionFetcher,
    /** Offset of the next fetch. */
    private position: number,
    private readonly topicId: string | null,
  ) {}

  /** Offset of the oldest record held, or of the next one that can come. */
  get start(): number {
    return this.#records[0]?.offset ?? this.position
  }

  /**
   * The oldest records, which stay. Fewer than `maxRecords` are not taken before `notBefore` (as `performance.now()`
   * counts), and then with what has come meanwhile. Empty only when `ended` has fired.
   */
  async take(maxRecords: number, notBefore: number, ended: AbortSignal): Promise<readonly LogRecord[]> {
    const wait = notBefore - performance.now()
    if (this.#records.length < maxRecords && wait > 0) {
      await pause(wait, undefined, { signal: ended }).catch(() => undefined)
      if (this.#records.length > 0) await orAborted(this.#fetch(0), ended)
    }
    while (this.#records.length === 0 && !ended.aborted) await orAborted(this.#fetch(WAIT_MS), ended)
    const records = this.#records.slice(0, maxRecords)
    // Whoever lags reads ahead; who does not gets more with one fetch later than with one now.
    const lags = records.length === maxRecords && this.#records.length < 2 * maxRecords
    if (lags && !ended.aborted) this.#fetch(0).catch(() => undefined)
    return records
  }

  /** Where the consumer goes on after the oldest `count`: past the transactions' markers that lie behind them. */
  after(count: number): number {
    return this.#records[count]?.offset ?? this.position
  }

  drop(count: number): void {
    this.#records.splice(0, count)
  }

  /** Goes on from another offset; what a fetch under way brings is not taken. */
  seek(position: number): void {
    this.#records = []
    this.position = position
    this.skipped = 0
  }

  /** One at a time; who comes while one is under way shares its outcome. */
  #fetch(waitMs: number): Promise<void> {
    this.#fetching ??= this.#fetchOnce(waitMs).finally(() => (this.#fetching = null))
    return this.#fetching
  }

  async #fetchOnce(waitMs: number): Promise<void> {
    try {
      const from = this.position
      const { records, next, highWatermark } = await this.fetcher.fetch(from, waitMs)
      if (from !== this.position) return
      if (records.length > 0) this.#verify()
      this.#records.push(...records)
      this.position = next
      this.highWatermark = highWatermark
    } catch (error) {
      if (typeOf(error) === 'OFFSET_OUT_OF_RANGE') await this.#skipDeleted(error)
      else throw translated(error, `to read ${this.#name}`, { topic: `Read on topic ${this.fetcher.topic}` })
    }
  }

  /** A position says nothing in another topic, and Kafka answers by name. Looked at while the records are worked on. */
  #verify(): void {
    this.verified = this.fetcher.assertTopic(this.topicId)
    this.verified.catch(() => undefined)
  }

  /** Retention does not wait for consumers: what it deleted is passed over, and counted. */
  async #skipDeleted(cause: unknown): Promise<void> {
    await this.fetcher.assertTopic(this.topicId)
    const earliest = await this.fetcher.earliest()
    if (earliest <= this.position) {
      const message =
        `${this.#name} ends before offset ${this.position}, which has been consumed: the topic was deleted and ` +
        'made anew, or lost data. Give the pipeline another name, or reset the offsets of its group.'
      throw new BrokerError('corrupt', message, false, { cause })
    }
    this.skipped += earliest - this.position
    this.position = earliest
  }

  get #name(): string {
    return `${this.fetcher.topic}[${this.fetcher.partition}]`
  }
}

/** A fetch that nobody waits for any more may fail unnoticed. */
async function orAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  promise.catch(() => undefined)
  let stop = (): void => undefined
  const aborted = new Promise<void>((resolve) => (stop = resolve))
  signal.addEventListener('abort', stop, { once: true })
  try {
    await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
