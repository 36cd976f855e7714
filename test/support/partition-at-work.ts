import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { pino } from 'pino'
import { openEmbeddedBroker, type EmbeddedBroker } from '../../src/adapters/embedded/embedded-broker.js'
import type { PipelineConfig } from '../../src/config/types.js'
import { consumerGroup } from '../../src/core/consumer-group.js'
import { BASELINE, networkModel, type ActiveModel } from '../../src/pipeline/active-model.js'
import type { Branch } from '../../src/pipeline/continuation.js'
import { agreeOnFormats } from '../../src/pipeline/formats.js'
import { Foresight } from '../../src/pipeline/foresight.js'
import { PartitionRuntime } from '../../src/pipeline/partition-runtime.js'
import { topicsOf } from '../../src/pipeline/pipeline.js'
import { restore } from '../../src/pipeline/restore.js'
import type { SettledBatch } from '../../src/pipeline/settle.js'
import type {
  Consumption,
  LogRecord,
  OutboundRecord,
  PartitionLease,
  StateRow,
} from '../../src/ports/broker.js'
import { systemClock, type Clock } from '../../src/ports/clock.js'
import type { SchemaRegistry } from '../../src/ports/schema-registry.js'
import type { LoadedNetwork } from '../../src/ports/engine.js'
import type { Row } from './household.js'
import { publishedIn, type Published } from './outputs.js'

/**
 * One partition of a pipeline at work on an embedded log of its own. It does what the pipe does, but batch by batch, so
 * that the sizes of the batches, crashes and restarts are in the hands of the test.
 */
export class PartitionAtWork {
  #runtime!: PartitionRuntime
  #lease!: PartitionLease
  #consumption!: Consumption
  #model: ActiveModel
  /** As if another partition of the process were being restored. */
  neighbourRestores = false
  /** Rows of each snapshot that was written apart from a batch. */
  readonly apart: number[] = []
  /** Records that the latest start has replayed. */
  replayed = 0

  private constructor(
    private readonly dir: string,
    readonly broker: EmbeddedBroker,
    readonly config: PipelineConfig,
    model: ActiveModel,
    private readonly clock: Clock,
    private readonly registry: SchemaRegistry | null,
  ) {
    this.#model = model
  }

  /**
   * @param network `null`: the baseline forecasts
   * @param before in the input topic before the pipeline first comes to it
   */
  static async open(
    config: PipelineConfig,
    network: LoadedNetwork | null,
    clock: Clock = systemClock,
    before: readonly Row[] = [],
    registry: SchemaRegistry | null = null,
  ): Promise<PartitionAtWork> {
    const dir = await mkdtemp(join(tmpdir(), 'tidecast-'))
    const broker = await openEmbeddedBroker({ dir, mapSizeBytes: 2 ** 34, clock, pid: process.pid })
    await broker.ensureTopics(topicsOf(config, {}))
    const model = network === null ? BASELINE : networkModel(1, network, -Infinity)
    const work = new PartitionAtWork(dir, broker, config, model, clock, registry)
    await work.append(before)
    await work.#take()
    return work
  }

  get states(): PartitionRuntime['partition']['states'] {
    return this.#runtime.partition.states
  }

  /** A series' row in the store. */
  async stored(series: string): Promise<StateRow | null> {
    return this.#lease.states.get(series)
  }

  branch(series: string): Promise<Branch | null> {
    return this.#runtime.branch(series)
  }

  /** Makes the states under another network, between the batches that are consumed meanwhile. */
  prepare(model: ActiveModel): Promise<void> {
    return this.#runtime.prepare(model, new AbortController().signal)
  }

  /** Takes a network into use; whoever starts later starts with it. */
  async swap(model: ActiveModel): Promise<void> {
    await this.#runtime.swap(model)
    this.#model = model
  }

  async append(rows: readonly Row[]): Promise<void> {
    await this.appendRecords(
      rows.map(({ series, ts, value, covariates }) => ({
        topic: this.config.topic,
        timestamp: Math.max(0, ts),
        key: Buffer.from(series),
        value: Buffer.from(JSON.stringify({ ts, value, covariates })),
      })),
    )
  }

  async appendRecords(records: readonly OutboundRecord[]): Promise<void> {
    await this.broker.append(records)
  }

  /** Consumes to the end of the topic, in batches of these sizes; `between` is called after each. */
  async consume(
    size: () => number = () => this.config.batch.maxRecords,
    between: () => Promise<void> = async () => undefined,
  ): Promise<SettledBatch[]> {
    const end = (await this.broker.describe(this.config.topic))![0]!.end
    const settled: SettledBatch[] = []
    while (this.#lease.committed < end) {
      settled.push(await this.#runtime.process(await this.#lease.next(size())))
      await between()
    }
    return settled
  }

  /** Brings back the stored series that have not come since the latest start, beside what else happens. */
  complete(): Promise<void> {
    return this.#runtime.fill()
  }

  /** Starts again from what is in the log: the latest snapshot, and replay. */
  async crash(): Promise<void> {
    this.#runtime.end()
    await this.#consumption.close()
    await this.#take()
  }

  /** Does something while the pipeline is stopped. */
  async away(act: () => Promise<void>): Promise<void> {
    await this.#runtime.checkpoint()
    this.#runtime.end()
    await this.#consumption.close()
    await act()
    await this.#take()
  }

  /** As a clean stop and start. */
  async restart(): Promise<void> {
    await this.#runtime.checkpoint()
    await this.crash()
  }

  async outputs(): Promise<Published[]> {
    const all: Published[] = []
    const { registry } = this
    const lookup = registry === null ? null : (id: number) => registry.schema(id)
    for await (const forecast of publishedIn(this.broker, this.config, lookup)) all.push(forecast)
    return all
  }

  async records(topic: string): Promise<LogRecord[]> {
    const all: LogRecord[] = []
    for await (const records of this.broker.read(topic, 0, {})) all.push(...records)
    return all
  }

  async close(): Promise<void> {
    this.#runtime.end()
    await this.#consumption.close()
    await this.broker.close()
    await rm(this.dir, { recursive: true })
  }

  async #take(): Promise<void> {
    const { config, broker, clock, registry } = this
    const formats = await agreeOnFormats(config, registry)
    const assigned = new Promise<PartitionLease>((resolve, reject) => {
      broker.consume(config.topic, consumerGroup(config.name), resolve).then((consumption) => {
        this.#consumption = consumption
      }, reject)
    })
    this.#lease = await assigned
    const telemetry = { logger: pino({ level: 'silent' }), covariates: () => undefined }
    const foresight = new Foresight({ broker, clock, telemetry })
    await foresight.begin(config)
    const { table } = foresight
    const restored = await restore(this.#lease, broker, config, this.#model, clock, formats, table)
    const { partition } = restored
    this.replayed = restored.replayed
    this.#runtime = new PartitionRuntime(this.#lease, partition, config, clock, {
      busy: () => this.neighbourRestores,
      stored: ({ rows }) => this.apart.push(rows),
      shadowLost: (error) => {
        throw error
      },
      foretell: () => foresight.look(),
    })
  }
}

/** What the log keeps of `rows` after they have been consumed in one go. */
export async function forecastsOf(
  config: PipelineConfig,
  network: LoadedNetwork | null,
  rows: readonly Row[],
  consume: (work: PartitionAtWork) => Promise<unknown> = (work) => work.consume(),
): Promise<Published[]> {
  const work = await PartitionAtWork.open(config, network)
  try {
    await work.append(rows)
    await consume(work)
    return await work.outputs()
  } finally {
    await work.close()
  }
}
