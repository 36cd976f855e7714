import type { Producer } from 'kafkajs'
import { PRODUCER } from './connection.js'
import type { KafkaClient } from './connection.js'
import { sendsOf } from './sends.js'
import type { Addressed } from './sends.js'

/** Appends without transactions, one call after the other: what a call sends is visible as soon as it is written. */
export class Publisher {
  #producer: Promise<Producer> | null = null
  #turn: Promise<unknown> = Promise.resolve()

  constructor(private readonly client: KafkaClient) {}

  /** Resolves when all of it is durable. When it rejects, any part of it may be. */
  send(records: readonly Addressed[]): Promise<void> {
    const result = this.#turn.then(() => this.#send(records))
    this.#turn = result.catch(() => undefined)
    return result
  }

  /** Resolves when nothing is being written any more. */
  async close(): Promise<void> {
    await this.#turn
    await (await this.#producer)?.disconnect()
  }

  async #send(records: readonly Addressed[]): Promise<void> {
    const producer = await this.#connected()
    const { compression } = this.client
    try {
      for (const { topic, messages } of sendsOf(records)) {
        await producer.send({ topic, messages, acks: -1, compression })
      }
    } catch (error) {
      // Kafka may have written it: what came next would bear the same sequence numbers, and be taken for a repetition.
      this.#producer = null
      await producer.disconnect()
      throw error
    }
  }

  /** What could not be opened is opened anew the next time. */
  async #connected(): Promise<Producer> {
    this.#producer ??= this.#open()
    try {
      return await this.#producer
    } catch (error) {
      this.#producer = null
      throw error
    }
  }

  async #open(): Promise<Producer> {
    const producer = this.client.producer(PRODUCER)
    await producer.connect()
    return producer
  }
}
