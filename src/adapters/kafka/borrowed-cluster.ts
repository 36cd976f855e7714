import { setTimeout as pause } from 'node:timers/promises'
import type { Assigner, Cluster, Kafka } from 'kafkajs'
import { BrokerError } from '../../ports/broker.js'
import { RETRY } from './connection.js'
import { closedError, isUndecodable, typeOf } from './errors.js'

const ATTEMPTS = 6
const FIRST_PAUSE_MS = 50
const LONGEST_CLOSING_MS = 1000
/** What no new connection would change. */
const FINAL = ['OFFSET_OUT_OF_RANGE', 'TOPIC_AUTHORIZATION_FAILED', 'KafkaJSSASLAuthenticationError']

/**
 * Connections for requests that kafkajs has no call for: fetching without a consumer group, which would read ahead
 * unasked and lets a slow partition hold up the others. They are those that kafkajs makes for a consumer, which hands
 * them to its partition assigner; that consumer never joins its group.
 */
export class BorrowedCluster {
  #opening: Promise<Cluster> | null = null
  #closed = false

  constructor(private readonly client: Kafka) {}

  /** Runs `action`; when a leader moves or a connection breaks, again on new connections, a few times. */
  async use<T>(topic: string, action: (cluster: Cluster) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        const cluster = await this.#connected()
        await cluster.addMultipleTargetTopics([topic])
        return await action(cluster)
      } catch (error) {
        if (this.#closed || attempt === ATTEMPTS || isFinal(error)) throw error
        await this.#disconnect()
        await pause(FIRST_PAUSE_MS * 2 ** attempt)
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#disconnect()
  }

  #connected(): Promise<Cluster> {
    if (this.#closed) throw closedError()
    this.#opening ??= this.#open()
    return this.#opening
  }

  async #open(): Promise<Cluster> {
    const cluster = borrow(this.client)
    await cluster.connect()
    return cluster
  }

  /** What is only being opened is not waited for: while nobody answers, that takes its time. */
  async #disconnect(): Promise<void> {
    const closing = this.#opening?.then((cluster) => cluster.disconnect()).catch(() => undefined)
    this.#opening = null
    await Promise.race([closing, pause(LONGEST_CLOSING_MS, undefined, { ref: false })])
  }
}

function isFinal(error: unknown): boolean {
  return (
    FINAL.includes(typeOf(error)) ||
    (error instanceof BrokerError && !error.retriable) ||
    isUndecodable(error)
  )
}

function borrow(client: Kafka): Cluster {
  let borrowed: Cluster | undefined
  client.consumer({
    groupId: 'tidecast-never-joined',
    allowAutoTopicCreation: false,
    retry: RETRY,
    partitionAssigners: [
      ({ cluster }): Assigner => {
        borrowed = cluster
        return {
          name: 'none',
          version: 0,
          assign: () => Promise.resolve([]),
          protocol: () => ({ name: 'none', metadata: Buffer.alloc(0) }),
        }
      },
    ],
  })
  return borrowed!
}
