import { randomUUID } from 'node:crypto'
import type { KafkaClient } from './connection.js'
import { Publisher } from './publisher.js'
import { fitsOneSend } from './sends.js'
import type { Addressed } from './sends.js'
import { Transactor } from './transactor.js'

/** Appends outside any pipeline. What fits into one batch of one partition is whole by itself; else it takes a transaction. */
export class Appender {
  readonly #publisher: Publisher
  #transactor: Promise<Transactor> | null = null
  #turn: Promise<unknown> = Promise.resolve()

  constructor(private readonly client: KafkaClient) {
    this.#publisher = new Publisher(client)
  }

  append(records: readonly Addressed[]): Promise<void> {
    const result = this.#turn.then(() => this.#append(records))
    this.#turn = result.catch(() => undefined)
    return result
  }

  async close(): Promise<void> {
    await this.#turn
    await this.#publisher.close()
    await (await this.#transactor)?.close()
  }

  async #append(records: readonly Addressed[]): Promise<void> {
    if (records.length === 0) return
    if (fitsOneSend(records)) {
      await this.#publisher.send(records)
      return
    }
    const transactor = await this.#opened()
    try {
      await transactor.run(records)
    } catch (error) {
      this.#transactor = null
      await transactor.close()
      throw error
    }
  }

  /** What could not be opened is opened anew the next time. */
  async #opened(): Promise<Transactor> {
    this.#transactor ??= Transactor.open(this.client, `tidecast-append-${randomUUID()}`)
    try {
      return await this.#transactor
    } catch (error) {
      this.#transactor = null
      throw error
    }
  }
}
