import { setImmediate } from 'node:timers/promises'
import type {
  Broker,
  Consumption,
  LogRecord,
  OutboundRecord,
  PartitionInfo,
  PartitionLease,
  ReadRange,
  TopicSpec,
} from '../../ports/broker.js'
import type { Clock } from '../../ports/clock.js'
import type { ModelStore } from '../../ports/model-store.js'
import { Environment } from './environment.js'
import { translated } from './errors.js'
import { Groups } from './groups.js'
import { EmbeddedModelStore } from './model-store.js'
import { PartitionReader } from './partition-reader.js'
import type { TimeRange } from './partition-reader.js'
import { createStores } from './stores.js'
import type { Stores } from './stores.js'
import { acquireWriterLock } from './writer-lock.js'
import type { WriterLock } from './writer-lock.js'

const READ_CHUNK_RECORDS = 4096

export interface EmbeddedBrokerOptions {
  readonly dir: string
  /** Topics, states and models may take up this much together; beyond it, writes are refused with 'disk-full'. */
  readonly mapSizeBytes: number
  readonly clock: Clock
  /** Number of this process, shown to whoever finds the log in use. */
  readonly pid: number
  /** For reading beside the process that holds the log: no lock, and everything that writes is refused. */
  readonly readOnly?: boolean
}

export interface EmbeddedBroker extends Broker {
  readonly kind: 'embedded'
  readonly models: ModelStore
}

/** Rejects with `BrokerError('locked')` when another process has the log open for writing. */
export async function openEmbeddedBroker(options: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
  const { dir, mapSizeBytes, clock, pid, readOnly = false } = options
  const environment = await Environment.open({ dir, mapSizeBytes, readOnly })
  const stores = createStores(environment, clock)
  if (readOnly) return new LmdbBroker(stores, null)
  let lock: WriterLock | undefined
  try {
    lock = await acquireWriterLock(environment, pid, clock.now())
    await applyRetention(stores)
    return new LmdbBroker(stores, lock)
  } catch (error) {
    await environment.close()
    await lock?.release()
    throw await translated(error, dir)
  }
}

async function applyRetention({ environment, topics, retention, clock }: Stores): Promise<void> {
  for (const topic of topics.all()) {
    if (topic.retentionMs === undefined && topic.retentionBytes === undefined) continue
    while (await environment.write(0, () => retention.step(topic, clock.now())));
  }
}

class LmdbBroker implements EmbeddedBroker {
  readonly kind = 'embedded'
  readonly models: ModelStore
  readonly #groups: Groups
  #closing: Promise<void> | null = null

  constructor(
    private readonly stores: Stores,
    private readonly lock: WriterLock | null,
  ) {
    this.models = new EmbeddedModelStore(stores.environment)
    this.#groups = new Groups(stores)
  }

  async ensureTopics(topics: readonly TopicSpec[]): Promise<void> {
    this.stores.environment.assertOpen()
    await this.stores.topics.ensure(topics)
  }

  async describe(name: string): Promise<readonly PartitionInfo[] | null> {
    this.stores.environment.assertOpen()
    const topic = this.stores.topics.find(name)
    if (topic === null) return null
    return Array.from({ length: topic.partitions }, (_, partition) => {
      const { earliest, end } = this.stores.log.row({ id: topic.id, partition })
      return { earliest, end }
    })
  }

  async topics(): Promise<readonly string[]> {
    this.stores.environment.assertOpen()
    return this.stores.topics.names()
  }

  async append(records: readonly OutboundRecord[]): Promise<void> {
    const { environment, outbound, clock, appends } = this.stores
    environment.assertOpen()
    const prepared = outbound.prepare(records, clock.now())
    await environment.write(prepared.bytes, () => prepared.append())
    appends.notify(prepared.partitions)
  }

  async offsetAt(name: string, partition: number, timestamp: number): Promise<number> {
    const { environment, topics, log } = this.stores
    environment.assertOpen()
    const ref = topics.partition(name, partition)
    const { earliest, end } = log.row(ref)
    const [first] = new PartitionReader(log, ref, earliest).read(1, end, { from: timestamp, to: Infinity })
    return first?.offset ?? end
  }

  async *read(name: string, partition: number, range: ReadRange): AsyncGenerator<readonly LogRecord[]> {
    const { environment, topics, log } = this.stores
    environment.assertOpen()
    const ref = topics.partition(name, partition)
    const { earliest, end } = log.row(ref)
    const to = Math.min(range.toOffset ?? end, end)
    const reader = new PartitionReader(log, ref, Math.max(range.fromOffset ?? earliest, earliest))
    const time = timeRange(range)
    for (;;) {
      const records = reader.read(READ_CHUNK_RECORDS, to, time)
      if (records.length === 0) return
      yield records
      // Lets the others have their turn, and LMDB a new snapshot: a long read must not pin the pages it began with.
      await setImmediate()
      environment.assertOpen()
    }
  }

  async consume(
    topic: string,
    group: string,
    assigned: (lease: PartitionLease) => void,
  ): Promise<Consumption> {
    this.stores.environment.assertOpen()
    return this.#groups.join(topic, group, assigned)
  }

  async size(): Promise<number> {
    this.stores.environment.assertOpen()
    return this.stores.environment.size()
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.stores.environment.stop()
    await this.#groups.close()
    await this.stores.environment.close()
    await this.lock?.release()
  }
}

function timeRange({ fromTimestamp, toTimestamp }: ReadRange): TimeRange | undefined {
  if (fromTimestamp === undefined && toTimestamp === undefined) return undefined
  return { from: fromTimestamp ?? -Infinity, to: toTimestamp ?? Infinity }
}
