import { setTimeout as pause } from 'node:timers/promises'
import type { Admin, Cluster, ConfigEntries, IResourceConfigEntry } from 'kafkajs'
import { BrokerError } from '../../ports/broker.js'
import type { PartitionInfo, TopicSpec } from '../../ports/broker.js'
import type { BorrowedCluster } from './borrowed-cluster.js'
import { translating, typeOf } from './errors.js'
import { ConfigResourceTypes, ConfigSource, createErrorFromCode } from './kafkajs.js'

const ATTEMPTS = 100
const PAUSE_MS = 50
const NOT_YET = ['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE']
/**
 * Of a compacted topic, what has been overwritten stays in the newest segment, and until it is this share of the others.
 * By default that is a gigabyte and a half; all of it is read by whoever has no copy yet.
 */
const COMPACTION = [
  { name: 'cleanup.policy', value: 'compact' },
  { name: 'segment.bytes', value: String(64 * 2 ** 20) },
  { name: 'min.cleanable.dirty.ratio', value: '0.2' },
]
const LEGAL_NAME = /^[a-zA-Z0-9._-]{1,249}$/

export class Topics {
  /** Partitions only ever grow, and a record sent to one of the old ones is never wrong: so they are asked for once. */
  readonly #partitions = new Map<string, number>()
  readonly #compacted = new Set<string>()

  constructor(
    private readonly admin: Admin,
    private readonly cluster: BorrowedCluster,
    private readonly options: { readonly createTopics: boolean; readonly replicationFactor: number },
  ) {}

  async names(): Promise<string[]> {
    const names = await translating('to list its topics', () => this.admin.listTopics())
    return names.filter((name) => !name.startsWith('__'))
  }

  async partitionsOf(name: string): Promise<number> {
    const known = this.#partitions.get(name) ?? (await this.#look(name))
    if (known === null) {
      throw new BrokerError('unknown-topic', `Kafka has no topic ${JSON.stringify(name)}. Create it first.`)
    }
    return known
  }

  /** It may have got more: they are asked for again. */
  forget(name: string): void {
    this.#partitions.delete(name)
  }

  async describe(name: string): Promise<PartitionInfo[] | null> {
    return translating(`to describe topic ${name}`, async () => {
      if (!this.#partitions.has(name) && (await this.#look(name)) === null) return null
      try {
        return await this.cluster.use(name, (cluster) => ends(cluster, name))
      } catch (error) {
        if (typeOf(error) !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error
        this.#partitions.delete(name)
        return null
      }
    })
  }

  async offsetAt(name: string, partition: number, timestamp: number): Promise<number> {
    const partitions = await this.partitionsOf(name)
    if (!(partition >= 0 && partition < partitions)) {
      throw new BrokerError('unknown-topic', `Topic ${name} has ${partitions} partitions, no ${partition}.`)
    }
    return translating(`to look for a time in topic ${name}`, async () => {
      // kafkajs answers with the end where no record is so young.
      const offsets = await this.admin.fetchTopicOffsetsByTimestamp(name, Math.max(0, timestamp))
      return Number(offsets.find((found) => found.partition === partition)!.offset)
    })
  }

  async ensure(specs: readonly TopicSpec[]): Promise<void> {
    for (const { name, partitions, retentionMs, retentionBytes } of specs) {
      const entries = [
        ...(retentionMs === undefined ? [] : [{ name: 'retention.ms', value: String(retentionMs) }]),
        ...(retentionBytes === undefined ? [] : [{ name: 'retention.bytes', value: String(retentionBytes) }]),
      ]
      const created = await this.#create(name, partitions, entries)
      if (!created && entries.length > 0) await this.#set(name, entries)
    }
  }

  /** A topic of which Kafka keeps the last record of each key. Gets more partitions when its input has got more. */
  async ensureCompacted(name: string, partitions: number): Promise<void> {
    if (await this.#create(name, partitions, COMPACTION)) return
    await this.#assertCompacted(name)
    await this.extend(name, partitions)
  }

  /** Gives a topic as many partitions as its input has, where it has fewer. */
  async extend(name: string, partitions: number): Promise<void> {
    if ((await this.partitionsOf(name)) >= partitions) return
    const add = (): Promise<boolean> =>
      this.admin.createPartitions({ topicPartitions: [{ topic: name, count: partitions }] })
    const doing = `to give topic ${name} ${partitions} partitions, as many as its input has`
    await translating(doing, add, { topic: `Alter on topic ${name}` }).catch((error: unknown) => {
      // Somebody else came first.
      if (typeOf(error) !== 'INVALID_PARTITIONS') throw error
    })
    while ((await this.#awaitLeaders(name)) < partitions) await pause(PAUSE_MS)
  }

  /** Where Kafka would delete what is old, states and models would go with it. Unless that may not be asked. */
  async #assertCompacted(name: string): Promise<void> {
    if (this.#compacted.has(name)) return
    const entries = await translating(`to describe topic ${name}`, () => this.#settings(name)).catch(
      (error: unknown) => {
        if (typeOf(error) !== 'TOPIC_AUTHORIZATION_FAILED') throw error
        return []
      },
    )
    const policy = entries.find(({ configName }) => configName === 'cleanup.policy')?.configValue ?? 'compact'
    if (policy !== 'compact') {
      const message =
        `Topic ${name} has cleanup.policy=${policy}: Kafka would delete states or models that are still needed. ` +
        'Set its cleanup.policy to compact.'
      throw new BrokerError('unavailable', message)
    }
    this.#compacted.add(name)
  }

  async #create(name: string, partitions: number, configEntries: IResourceConfigEntry[]): Promise<boolean> {
    if (!LEGAL_NAME.test(name)) {
      throw new RangeError(
        `A topic name has 1 to 249 characters of a-z A-Z 0-9 . _ -; not ${JSON.stringify(name)}.`,
      )
    }
    if (!Number.isInteger(partitions) || partitions < 1) {
      throw new RangeError(`Topic ${name} needs at least one partition, not ${partitions}.`)
    }
    if (this.#partitions.has(name) || (await this.#look(name)) !== null) return false
    if (!this.options.createTopics) {
      const settings = configEntries.map((entry) => `, ${entry.name}=${entry.value}`).join('')
      const wanted = `partitions: ${partitions}${settings}`
      const message = `Kafka has no topic ${name}, and broker.kafka.createTopics is false. Create it (${wanted}), or allow it.`
      throw new BrokerError('unknown-topic', message)
    }
    return translating(
      `to create topic ${name}`,
      async () => {
        const { replicationFactor } = this.options
        const topic = { topic: name, numPartitions: partitions, replicationFactor, configEntries }
        const created = await this.admin.createTopics({ topics: [topic], waitForLeaders: false })
        await this.#awaitLeaders(name)
        return created
      },
      { topic: `Create and Describe on topic ${name}` },
    )
  }

  /** Kafka replaces a topic's settings as a whole here, so those that somebody else made are sent along. */
  async #set(name: string, entries: readonly IResourceConfigEntry[]): Promise<void> {
    await translating(`to set the retention of topic ${name}`, async () => {
      const present = (await this.#settings(name))
        .filter(({ configSource }) => configSource === ConfigSource.TOPIC_CONFIG)
        .map(({ configName, configValue }) => ({ name: configName, value: configValue }))
      const has = (entry: IResourceConfigEntry): boolean =>
        present.some(({ name: other, value }) => other === entry.name && value === entry.value)
      if (entries.every(has)) return
      const kept = present.filter(({ name: other }) => !entries.some((entry) => entry.name === other))
      await this.admin.alterConfigs({
        validateOnly: false,
        resources: [{ type: ConfigResourceTypes.TOPIC, name, configEntries: [...kept, ...entries] }],
      })
    })
  }

  /** Its own and, where it has none, the cluster's. */
  async #settings(name: string): Promise<readonly ConfigEntries[]> {
    const { resources } = await this.admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name }],
    })
    return resources[0]?.configEntries ?? []
  }

  /** `null` where there is none. */
  async #look(name: string): Promise<number | null> {
    return translating(`to describe topic ${name}`, async () => {
      // Asked for by name, a missing topic would be created by a broker that creates topics by itself.
      if (!(await this.admin.listTopics()).includes(name)) return null
      return this.#awaitLeaders(name)
    })
  }

  /** A new topic is known to its creator before all brokers know it, and before its partitions have leaders. */
  async #awaitLeaders(name: string): Promise<number> {
    for (let attempt = 1; ; attempt++) {
      try {
        const { topics } = await this.admin.fetchTopicMetadata({ topics: [name] })
        const { partitions } = topics[0]!
        if (partitions.every(({ leader }) => leader >= 0) || attempt === ATTEMPTS) {
          this.#partitions.set(name, partitions.length)
          return partitions.length
        }
      } catch (error) {
        if (attempt === ATTEMPTS || !NOT_YET.includes(typeOf(error))) throw error
      }
      await pause(PAUSE_MS)
    }
  }
}

const EARLIEST = -2
const LATEST = -1
const READ_UNCOMMITTED = 0
const LEADER_NOT_AVAILABLE = 5

/**
 * The end is that of everything written, also of what still waits for its transaction's marker: whoever reads to it waits
 * for that. kafkajs's own call tells the end of what is stable, which just after a commit may lie before it.
 */
async function ends(cluster: Cluster, topic: string): Promise<PartitionInfo[]> {
  await cluster.refreshMetadata()
  const partitions = cluster
    .findTopicPartitionMetadata(topic)
    .map(({ partitionId }) => partitionId)
    .sort((a, b) => a - b)
  // kafkajs shares one question between those who ask at the same time, also with who added a topic only after it was put.
  if (partitions.length === 0) throw createErrorFromCode(LEADER_NOT_AVAILABLE)
  const leaders = Object.entries(cluster.findLeaderForPartitions(topic, partitions))
  const at = async (timestamp: number): Promise<Map<number, number>> => {
    const answers = leaders.map(async ([nodeId, led]) => {
      const broker = (await cluster.findBroker({ nodeId })) as unknown as OffsetsBroker
      const topics = [{ topic, partitions: led.map((partition) => ({ partition, timestamp })) }]
      const { responses } = await broker.listOffsets({ isolationLevel: READ_UNCOMMITTED, topics })
      return responses[0]!.partitions.map(({ partition, offset }) => [partition, Number(offset)] as const)
    })
    return new Map((await Promise.all(answers)).flat())
  }
  const earliest = await at(EARLIEST)
  const end = await at(LATEST)
  return partitions.map((partition) => ({ earliest: earliest.get(partition)!, end: end.get(partition)! }))
}

/** What kafkajs's types do not say of a broker. */
interface OffsetsBroker {
  listOffsets(request: object): Promise<{
    readonly responses: readonly {
      readonly partitions: readonly { readonly partition: number; readonly offset: string }[]
    }[]
  }>
}
