import { randomUUID } from 'node:crypto'
import type { Kafka, Producer } from 'kafkajs'
import { PRODUCER } from './connection.js'
import { sendsOf } from './sends.js'
import type { Addressed } from './sends.js'
import { Transactor } from './transactor.js'

/** Appends outside any pipeline. What fits into one batch of one partition is whole by itself; else it takes a transaction. */
export class Appender {
  #producer: Promise<Producer> | null = null
  #transactor: Promise<Transactor> | null = null
  #turn: Promise<unknown> = Promise.resolve()

  constructor(private readonly client: Kafka) {}

  append(records: readonly Addressed[]): Promise<void> {
    const result = this.#turn.then(() => this.#append(records))
    this.#turn = result.catch(() => undefined)
    return result
  }

  async close(): Promise<void> {
    await this.#turn
    await (await this.#producer)?.disconnect()
    await (await this.#transactor)?.close()
  }

  async #append(records: readonly Addressed[]): Promise<void> {
    const [first] = records
    if (first === undefined) return
    const onePlace = records.every(
      ({ topic, partition }) => topic === first.topic && partition === first.partition,
    )
    const sends = onePlace ? [...sendsOf(records)] : []
    const [topicMessages] = sends
    if (topicMessages !== undefined && sends.length === 1) {
      this.#producer ??= this.#open()
      const producer = await this.#usable(this.#producer, () => (this.#producer = null))
      await producer.sendBatch({ topicMessages, acks: -1 })
      return
    }
    this.#transactor ??= Transactor.open(this.client, `tidecast-append-${randomUUID()}`)
    const transactor = await this.#usable(this.#transactor, () => (this.#transactor = null))
    try {
      await transactor.run(records)
    } catch (error) {
      this.#transactor = null
      await transactor.close()
      throw error
    }
  }

  async #open(): Promise<Producer> {
    const producer = this.client.producer(PRODUCER)
    await producer.connect()
    return producer
  }

  /** What could not be opened is opened anew the next time. */
  async #usable<T>(opening: Promise<T>, forget: () => void): Promise<T> {
    try {
      return await opening
    } catch (error) {
      forget()
      throw error
    }
  }
}
