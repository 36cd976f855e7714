import { setTimeout as pause } from 'node:timers/promises'
import type { Assigner, Cluster, Kafka } from 'kafkajs'
import { RETRY } from './connection.js'
import { closedError, typeOf } from './errors.js'

const ATTEMPTS = 6
const FIRST_PAUSE_MS = 50
/** What no new connection would change. */
const FINAL = ['OFFSET_OUT_OF_RANGE', 'TOPIC_AUTHORIZATION_FAILED', 'KafkaJSSASLAuthenticationError']

/**
 * Connections for requests that kafkajs has no call for: fetching without a consumer group, which would read ahead
 * unasked and lets a slow partition hold up the others. They are those that kafkajs makes for a consumer, which hands
 * them to its partition assigner; that consumer never joins its group.
 */
export class BorrowedCluster {
  #cluster: Cluster | null = null
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
        if (this.#closed || attempt === ATTEMPTS || FINAL.includes(typeOf(error))) throw error
        await this.#disconnect()
        await pause(FIRST_PAUSE_MS * 2 ** attempt)
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#disconnect()
  }

  async #connected(): Promise<Cluster> {
    if (this.#closed) throw closedError()
    if (this.#cluster !== null) return this.#cluster
    const cluster = borrow(this.client)
    // Known before it is connected, so that closing meanwhile closes it too.
    this.#cluster = cluster
    await cluster.connect()
    return cluster
  }

  async #disconnect(): Promise<void> {
    const cluster = this.#cluster
    this.#cluster = null
    await cluster?.disconnect()
  }
}

function borrow(client: Kafka): Cluster {
  let borrowed: Cluster | undefined
  client.consumer({
    groupId: 'tidecast-never-joined',
    allowAutoTopicCreation: false,
    // So that the end of a partition is the end of what has been written, not of what is decided.
    readUncommitted: true,
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
