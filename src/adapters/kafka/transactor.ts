import { setTimeout as pause } from 'node:timers/promises'
import type { CompressionTypes, Producer } from 'kafkajs'
import { PRODUCER } from './connection.js'
import type { KafkaClient } from './connection.js'
import { typeOf } from './errors.js'
import { offsetMetadata } from './group-offsets.js'
import { sendsOf } from './sends.js'
import type { Addressed } from './sends.js'

/** A killed owner's transaction holds up readers until the next owner ends it, or for so long. */
const TRANSACTION_TIMEOUT_MS = 30_000

const COMPLETION_PAUSE_MS = 5
const COMPLETION_ATTEMPTS = 1000

/** What a group has consumed of a partition: the next offset. */
export interface ConsumedOffset {
  readonly group: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Partitions that the topic had when the group began with it. */
  readonly partitions: number
}

/** The one who may write under a transactional id, until another one takes it over. Transactions take turns. */
export class Transactor {
  readonly #written = new Map<string, number>()
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(
    private readonly producer: Producer,
    private readonly compression: CompressionTypes,
  ) {}

  /** When resolved, whoever held the id before is fenced, and its last transaction has been decided. */
  static async open(client: KafkaClient, transactionalId: string): Promise<Transactor> {
    const producer = client.producer({
      ...PRODUCER,
      transactionalId,
      transactionTimeout: TRANSACTION_TIMEOUT_MS,
    })
    try {
      await producer.connect()
      // kafkajs takes the id over with the first transaction. An empty one costs nothing more.
      await (await producer.transaction()).abort()
      return new Transactor(producer, client.compression)
    } catch (error) {
      await producer.disconnect()
      throw error
    }
  }

  /**
   * All of it in one transaction. After a failure nobody can tell whether it took effect, and the sequence numbers may
   * have come apart: this transactor is not to be used again, and the next one to open the id decides the matter.
   */
  run(records: readonly Addressed[], consumed?: ConsumedOffset): Promise<void> {
    const result = this.#turn.then(() => this.#run(records, consumed))
    this.#turn = result.catch(() => undefined)
    return result
  }

  /** Where the last send of records for this topic begins, of a topic that is written in one partition only; `null`: none yet. */
  writtenFrom(topic: string): number | null {
    return this.#written.get(topic) ?? null
  }

  async #run(records: readonly Addressed[], consumed?: ConsumedOffset): Promise<void> {
    const transaction = await this.producer.transaction()
    try {
      const { compression } = this
      for (const { topic, messages } of sendsOf(records)) {
        const sent = await transaction.send({ topic, messages, acks: -1, compression })
        for (const { topicName, baseOffset } of sent) {
          if (baseOffset !== undefined) this.#written.set(topicName, Number(baseOffset))
        }
      }
      if (consumed !== undefined) {
        const { group, topic, partition, offset, partitions } = consumed
        const place = { partition, offset: String(offset), metadata: offsetMetadata(partitions) }
        const topics = [{ topic, partitions: [place] }]
        await whenCompleted(() => transaction.sendOffsets({ consumerGroupId: group, topics }))
      }
      await transaction.commit()
    } catch (error) {
      // Left open it would hold up every reader until it times out. Where this fails too, that has to do.
      if (transaction.isActive()) await transaction.abort().catch(() => undefined)
      throw error
    }
  }

  /** Resolves when nothing is being written any more. */
  async close(): Promise<void> {
    await this.#turn
    await this.producer.disconnect()
  }
}

/**
 * A transaction is committed before its markers are written everywhere; until then the next one may not begin. Of what can
 * come first in a transaction, kafkajs waits for that when it sends records, and not when it sends offsets.
 */
async function whenCompleted(begin: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await begin()
      return
    } catch (error) {
      if (typeOf(error) !== 'CONCURRENT_TRANSACTIONS' || attempt === COMPLETION_ATTEMPTS) throw error
      await pause(COMPLETION_PAUSE_MS)
    }
  }
}
