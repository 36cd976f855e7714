import type { Cluster, Kafka } from 'kafkajs'
import type { LogRecord } from '../../ports/broker.js'
import { BrokerError } from '../../ports/broker.js'
import { BorrowedCluster } from './borrowed-cluster.js'
import { committedRecords, offsetAfter } from './committed-records.js'
import type { RawPartition } from './committed-records.js'
import { isUndecodable } from './errors.js'
import { topicIdAt } from './topic-id.js'

const MAX_FETCH_BYTES = 2 * 1024 * 1024
const READ_COMMITTED = 1

export interface Fetched {
  readonly records: readonly LogRecord[]
  /** Where the next fetch goes on. */
  readonly next: number
  readonly highWatermark: number
}

/** Reads one partition by offset, on connections of its own: Kafka answers one fetch per connection after the other. */
export class PartitionFetcher {
  readonly #cluster: BorrowedCluster

  /** @param shared connections that are others' as well, and theirs to close */
  constructor(
    client: Kafka,
    readonly topic: string,
    readonly partition: number,
    private readonly shared: BorrowedCluster | null = null,
  ) {
    this.#cluster = shared ?? new BorrowedCluster(client)
  }

  /** Waits up to `waitMs` for something to come. Only committed records are seen. */
  async fetch(from: number, waitMs: number): Promise<Fetched> {
    try {
      return await this.#fetch(from, waitMs, MAX_FETCH_BYTES)
    } catch (error) {
      if (!isUndecodable(error)) throw error
    }
    // One batch of several cannot be read. The least that Kafka sends is one batch: what lies before it is not held up.
    try {
      return await this.#fetch(from, waitMs, 1)
    } catch (error) {
      if (!isUndecodable(error)) throw error
      const reason = error instanceof Error ? error.message : String(error)
      const message =
        `The batch at offset ${from} of ${this.topic}[${this.partition}] cannot be read: ${reason} Nothing behind it is ` +
        'consumed until it can be, or until the offsets of the group are set behind it.'
      throw new BrokerError('corrupt', message, false, { cause: error })
    }
  }

  async #fetch(from: number, waitMs: number, maxBytes: number): Promise<Fetched> {
    const raw = await this.#cluster.use(this.topic, async (cluster) => {
      const broker = await cluster.findBroker({ nodeId: this.#leader(cluster) })
      const partition = { partition: this.partition, fetchOffset: String(from), maxBytes }
      const response = (await broker.fetch({
        isolationLevel: READ_COMMITTED,
        maxWaitTime: waitMs,
        minBytes: 1,
        maxBytes,
        topics: [{ topic: this.topic, partitions: [partition] }],
      })) as { readonly responses: readonly { readonly partitions: readonly RawPartition[] }[] }
      return response.responses[0]!.partitions[0]!
    })
    return {
      records: committedRecords(raw, from),
      next: offsetAfter(raw, from),
      highWatermark: Number(raw.highWatermark),
    }
  }

  /** Offset of the oldest record. */
  earliest(): Promise<number> {
    return this.#cluster.use(this.topic, async (cluster) => {
      const { topic, partition } = this
      const [offsets] = await cluster.fetchTopicsOffset([
        { topic, partitions: [{ partition }], fromBeginning: true },
      ])
      return Number(offsets!.partitions[0]!.offset)
    })
  }

  /** Of the topic as the partition's leader knows it now; `null` where it cannot tell. */
  topicId(): Promise<string | null> {
    return this.#cluster.use(this.topic, (cluster) => topicIdAt(cluster, this.#leader(cluster), this.topic))
  }

  /**
   * Rejects with 'unknown-topic' where the topic is not the one with this id any more. What was fetched before the call is
   * that one's: an id never comes back.
   */
  async assertTopic(id: string | null): Promise<void> {
    if (id === null || (await this.topicId()) === id) return
    throw new BrokerError('unknown-topic', `Topic ${this.topic} was deleted and made anew.`)
  }

  async close(): Promise<void> {
    if (this.shared === null) await this.#cluster.close()
  }

  #leader(cluster: Cluster): string {
    return Object.keys(cluster.findLeaderForPartitions(this.topic, [this.partition]))[0]!
  }
}
