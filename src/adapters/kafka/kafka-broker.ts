import { join } from 'node:path'
import type { Admin } from 'kafkajs'
import { BrokerError, PROMPTLY } from '../../ports/broker.js'
import type {
  Broker,
  Consumption,
  Delivery,
  LogRecord,
  OutboundRecord,
  PartitionInfo,
  PartitionLease,
  ReadRange,
  TopicSpec,
} from '../../ports/broker.js'
import type { BrokerPlace, KafkaPlace } from '../../ports/broker-place.js'
import type { Clock } from '../../ports/clock.js'
import type { ModelStore } from '../../ports/model-store.js'
import { Appender } from './appender.js'
import { BorrowedCluster } from './borrowed-cluster.js'
import { createClient, IMPATIENT_RETRY, RETRY } from './connection.js'
import type { KafkaClient, KafkaLog } from './connection.js'
import { closedError, translated, translating } from './errors.js'
import { PartitionFetcher } from './fetcher.js'
import { groupMembers } from './group-members.js'
import type { GroupMembership } from './group-members.js'
import { groupOffsets } from './group-offsets.js'
import { LocalStates } from './local-states.js'
import { GroupMember } from './member.js'
import { KafkaModelStore } from './model-store.js'
import type { KafkaParts } from './parts.js'
import { readPartition } from './read.js'
import { Addresser } from './sends.js'
import { statesTopic } from './states-topic.js'
import { Topics } from './topics.js'

export interface KafkaBrokerOptions extends Omit<KafkaPlace, 'kind'> {
  readonly clock: Clock
  /** Number of this process, shown to whoever finds the folder in use. */
  readonly pid: number
  readonly log: KafkaLog
}

export interface KafkaBroker extends Broker {
  readonly kind: 'kafka'
  readonly models: ModelStore
  /** By partition, the next offset a group will consume; `null` where it has settled nothing. For looking on. */
  committed(group: string, topic: string): Promise<readonly (number | null)[]>
  /** Takes up another name and password, for connections that are made from now on; nothing else of the place. */
  renew(place: BrokerPlace): void
  /** Who consumes a topic for a group now. For looking on. */
  members(group: string, topic: string): Promise<readonly GroupMembership[]>
}

/** Rejects with `BrokerError('unavailable')` when the cluster cannot be reached. */
export async function openKafkaBroker(options: KafkaBrokerOptions): Promise<KafkaBroker> {
  await assertReachable(options)
  const client = await createClient(options.connection, options.log)
  const admin = client.admin({ retry: { ...RETRY, retries: 5 } })
  try {
    await translating('a connection', () => admin.connect())
    return await ConnectedBroker.open(options, client, admin)
  } catch (error) {
    await admin.disconnect()
    throw error
  }
}

async function assertReachable({ connection, log }: KafkaBrokerOptions): Promise<void> {
  const admin = (await createClient(connection, log, IMPATIENT_RETRY)).admin()
  try {
    await translating(`a connection to ${connection.brokers.join(', ')}`, () => admin.connect())
  } finally {
    await admin.disconnect()
  }
}

/** Where a process keeps its copies of states, in the folder that it has for Kafka. */
export function statesFolder(dir: string): string {
  return join(dir, 'states')
}

class ConnectedBroker implements KafkaBroker {
  readonly kind = 'kafka'
  readonly #parts: KafkaParts
  readonly #appender: Appender
  readonly #cluster: BorrowedCluster
  readonly #members = new Set<GroupMember>()
  #states: Promise<LocalStates> | null = null
  #models: KafkaModelStore | undefined
  #closed = false
  #closing: Promise<void> | null = null

  private constructor(
    private readonly options: KafkaBrokerOptions,
    client: KafkaClient,
    private readonly admin: Admin,
  ) {
    this.#cluster = new BorrowedCluster(client)
    const topics = new Topics(admin, this.#cluster, options)
    this.#appender = new Appender(client)
    this.#parts = {
      client,
      admin,
      topics,
      addresser: new Addresser((topic) => topics.partitionsOf(topic)),
      clock: options.clock,
      log: options.log,
      pid: options.pid,
      sessionTimeoutMs: options.sessionTimeoutMs,
      heartbeatMs: options.heartbeatMs,
      standby: options.standby,
      states: () => this.#openStates(),
      assertOpen: () => {
        this.#assertOpen()
      },
    }
  }

  static async open(options: KafkaBrokerOptions, client: KafkaClient, admin: Admin): Promise<KafkaBroker> {
    const broker = new ConnectedBroker(options, client, admin)
    const { topics, assertOpen } = broker.#parts
    const store = { client, topics, topic: options.modelsTopic, assertOpen }
    broker.#models = await translating('to read the models', () => KafkaModelStore.open(store), {
      topic: `Read on topic ${options.modelsTopic}`,
    })
    return broker
  }

  get models(): ModelStore {
    return this.#models!
  }

  async ensureTopics(topics: readonly TopicSpec[]): Promise<void> {
    this.#assertOpen()
    await this.#parts.topics.ensure(topics)
  }

  async describe(topic: string): Promise<readonly PartitionInfo[] | null> {
    this.#assertOpen()
    return this.#parts.topics.describe(topic)
  }

  async topics(): Promise<readonly string[]> {
    this.#assertOpen()
    return this.#parts.topics.names()
  }

  async append(records: readonly OutboundRecord[]): Promise<void> {
    this.#assertOpen()
    const { addresser, clock } = this.#parts
    const sent = await addresser.address(records, clock.now())
    const topics = [...new Set(records.map(({ topic }) => topic))].join(', ')
    await translating('to append records', () => this.#appender.append(sent), {
      topic: `Write on each of the topics ${topics}`,
      transactionalId: 'Write on transactional ids that begin with tidecast-append-',
    })
  }

  async offsetAt(topic: string, partition: number, timestamp: number): Promise<number> {
    this.#assertOpen()
    return this.#parts.topics.offsetAt(topic, partition, timestamp)
  }

  async *read(topic: string, partition: number, range: ReadRange): AsyncGenerator<readonly LogRecord[]> {
    this.#assertOpen()
    const { client, topics } = this.#parts
    const info = (await topics.describe(topic))?.[partition]
    if (info === undefined) {
      throw new BrokerError('unknown-topic', `Kafka has no partition ${partition} of a topic ${topic}.`)
    }
    const fetcher = new PartitionFetcher(client, topic, partition)
    try {
      for await (const records of readPartition(fetcher, info, range)) {
        this.#assertOpen()
        yield records
      }
    } catch (error) {
      throw translated(error, `to read ${topic}[${partition}]`, { topic: `Read on topic ${topic}` })
    } finally {
      await fetcher.close()
    }
  }

  async consume(
    topic: string,
    group: string,
    assigned: (lease: PartitionLease) => void,
    delivery: Delivery = PROMPTLY,
  ): Promise<Consumption> {
    this.#assertOpen()
    const { topics, states } = this.#parts
    await topics.ensureCompacted(statesTopic(group), await topics.partitionsOf(topic))
    await topics.ensureCompacted(this.options.modelsTopic, 1)
    await states()
    this.#assertOpen()
    this.#models!.follow()
    return GroupMember.join(this.#parts, topic, group, assigned, delivery, this.#members)
  }

  async committed(group: string, topic: string): Promise<readonly (number | null)[]> {
    this.#assertOpen()
    const partitions = await this.#parts.topics.partitionsOf(topic)
    const offsets = await translating(`to tell the offsets of ${group}`, () =>
      groupOffsets(this.admin, group, topic),
    )
    return Array.from({ length: partitions }, (_, partition) => offsets.get(partition)?.offset ?? null)
  }

  async members(group: string, topic: string): Promise<readonly GroupMembership[]> {
    this.#assertOpen()
    return translating(`to describe the group ${group}`, () => groupMembers(this.admin, group, topic))
  }

  renew(place: BrokerPlace): void {
    if (place.kind === 'kafka' && place.connection.sasl !== undefined) {
      this.#parts.client.renew(place.connection.sasl)
    }
  }

  async size(): Promise<null> {
    this.#assertOpen()
    return null
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#members].map((member) => member.close()))
    await this.#models?.close()
    await this.#appender.close()
    await this.#cluster.close()
    await this.admin.disconnect()
    await (await this.#states)?.close()
  }

  /** What could not be opened is opened anew the next time: whoever holds the folder may be gone by then. */
  async #openStates(): Promise<LocalStates> {
    const { dir, mapSizeBytes, pid, clock } = this.options
    this.#states ??= LocalStates.open(statesFolder(dir), mapSizeBytes, pid, clock)
    try {
      return await this.#states
    } catch (error) {
      this.#states = null
      throw error
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw closedError()
  }
}
