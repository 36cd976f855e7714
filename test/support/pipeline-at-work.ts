import { Registry } from 'prom-client'
import type { PipelineConfig } from '../../src/config/types.js'
import type { RejectReason } from '../../src/core/decode.js'
import { Pipeline } from '../../src/pipeline/pipeline.js'
import { systemClock } from '../../src/ports/clock.js'
import type { Broker } from '../../src/ports/broker.js'
import type { ModelStore } from '../../src/ports/model-store.js'
import type {
  BatchFailed,
  BatchSettled,
  PartitionRestored,
  TopicReplaced,
} from '../../src/telemetry/events.js'
import { Loggers } from '../../src/telemetry/loggers.js'
import { createMetrics } from '../../src/telemetry/metrics.js'
import { PipelineTelemetry } from '../../src/telemetry/pipeline-telemetry.js'
import { sharedEngine } from './shared-engine.js'

/** What a pipeline has told its telemetry about the records it consumed. */
export class Account extends PipelineTelemetry {
  records = 0
  accepted = 0
  forecasts = 0
  tombstones = 0
  /** Partitions whose topic was another one than before. */
  readonly replaced: number[] = []
  /** Series with a stored state, and records replayed, of each partition that was taken over. */
  readonly restorations: { readonly series: number; readonly replayed: number }[] = []
  readonly rejected = new Map<RejectReason, number>()
  #failure: Error | undefined
  #changed = (): void => undefined

  constructor(pipeline: string) {
    const loggers = new Loggers({ level: 'error', format: 'json', destination: { write: () => undefined } })
    super(pipeline, createMetrics(new Registry()), loggers, systemClock)
  }

  override batch(fields: Omit<BatchSettled, 'kind'>): void {
    super.batch(fields)
    this.records += fields.records
    this.accepted += fields.accepted
    this.tombstones += fields.tombstones
    this.forecasts += fields.forecasts.network + fields.forecasts.baseline
    for (const [reason, count] of Object.entries(fields.rejected) as [RejectReason, number][]) {
      this.rejected.set(reason, (this.rejected.get(reason) ?? 0) + count)
    }
    this.#changed()
  }

  override topicReplaced(fields: Omit<TopicReplaced, 'kind'>): void {
    super.topicReplaced(fields)
    this.replaced.push(fields.partition)
  }

  override restored(fields: Omit<PartitionRestored, 'kind'>): void {
    super.restored(fields)
    const { series, replayed } = fields
    this.restorations.push({ series, replayed })
  }

  override batchFailed(fields: Omit<BatchFailed, 'kind'>): void {
    super.batchFailed(fields)
    this.fail(fields.error)
  }

  fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error))
    this.#changed()
  }

  /** Resolves when so many records have been consumed; rejects as soon as a batch fails. */
  async settled(records: number): Promise<void> {
    while (this.records < records && this.#failure === undefined) {
      await new Promise<void>((resolve) => (this.#changed = resolve))
    }
    if (this.#failure !== undefined) throw this.#failure
  }
}

/** Starts a whole pipeline in this process, with the real engine. */
export async function startPipeline(
  config: PipelineConfig,
  broker: Broker & { readonly models: ModelStore },
): Promise<{ readonly pipeline: Pipeline; readonly account: Account }> {
  const account = new Account(config.name)
  const pipeline = new Pipeline({
    config,
    broker,
    models: broker.models,
    engine: await sharedEngine(),
    telemetry: account,
    registry: null,
    clock: systemClock,
    retention: {},
    failed: (error) => account.fail(error),
  })
  await pipeline.start()
  return { pipeline, account }
}
