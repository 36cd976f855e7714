import { BrokerError, type Broker, type PartitionLease } from '../ports/broker.js'
import type { Clock } from '../ports/clock.js'
import type { SchemaRegistry } from '../ports/schema-registry.js'
import type { PipelineTelemetry } from '../telemetry/pipeline-telemetry.js'
import type { ActiveModel } from './active-model.js'
import { agreeOnFormats, type Formats } from './formats.js'
import { Foresight } from './foresight.js'
import { PartitionRuntime } from './partition-runtime.js'
import { restore } from './restore.js'
import type { ViewedList } from './series/viewed.js'
import type { Service } from './service.js'

const FIRST_RETRY_MS = 200
const LONGEST_RETRY_MS = 30_000
/** Snapshots wait so long for partitions that are not complete: one without usable states takes minutes. */
const LONGEST_WAIT_MS = 30_000

export interface PartitionsOptions {
  readonly broker: Broker
  readonly clock: Clock
  readonly registry: SchemaRegistry | null
  readonly telemetry: PipelineTelemetry
  readonly viewed: ViewedList
  /** What forecasts at the moment, and under which configuration. */
  readonly present: () => { readonly model: ActiveModel; readonly service: Service }
}

/** The partitions of a pipeline that this process owns: how they come, and what keeps one from its work. */
export class Partitions {
  private readonly runtimes = new Map<number, PartitionRuntime>()
  /** By partition, what made its last batch fail. */
  private readonly stalled = new Map<number, string>()
  /** Agreed on with the schema registry when the first partition is taken. */
  formats: Formats | undefined
  /** Those that were taken over become complete in turns. */
  private filling: Promise<unknown> = Promise.resolve()
  private beingRestored = 0
  /** Those that are being restored, or whose stored series are not all back. */
  private incomplete = 0
  /** When the first of those of now was taken. */
  private incompleteSince = 0
  private taken = false
  /** Partitions are given back one after the other. */
  private givingBack: Promise<unknown> = Promise.resolve()

  private readonly covariates: Foresight

  constructor(private readonly options: PartitionsOptions) {
    this.covariates = new Foresight(options)
  }

  /** Those at work now; a copy, as they come and go. */
  all(): readonly PartitionRuntime[] {
    return [...this.runtimes.values()]
  }

  has(partition: number): boolean {
    return this.runtimes.has(partition)
  }

  get phase(): 'starting' | 'restoring' | 'running' {
    return this.beingRestored > 0 ? 'restoring' : this.taken ? 'running' : 'starting'
  }

  /** What keeps a partition from its work, in words; `null`: nothing. */
  get trouble(): string | null {
    const [stalled = null] = this.stalled.values()
    return stalled
  }

  settled(partition: number): void {
    this.stalled.delete(partition)
  }

  clear(): void {
    this.runtimes.clear()
  }

  /** Restores a partition, and lets it work. */
  async take(lease: PartitionLease): Promise<PartitionRuntime> {
    const { clock, viewed } = this.options
    const number = lease.partition
    this.beingRestored++
    if (this.incomplete++ === 0) this.incompleteSince = clock.now()
    let complete: Promise<unknown> = Promise.resolve()
    this.runtimes.get(number)?.end()
    this.runtimes.delete(number)
    try {
      const runtime = await this.restored(lease)
      runtime.partition.viewed = viewed
      this.runtimes.set(number, runtime)
      lease.revoked.addEventListener('abort', () => {
        runtime.end()
        if (this.runtimes.get(number) !== runtime) return
        this.runtimes.delete(number)
        viewed.clear()
      })
      this.taken = true
      // One partition after the other: together they would leave too little of the processor to batches.
      this.filling = complete = this.filling.then(() => runtime.fill())
      return runtime
    } finally {
      this.beingRestored--
      void complete.then(() => this.incomplete--)
    }
  }

  /**
   * A batch failed. What a newer version has stored is left to a process of that version: the partition is given back, and
   * stays among the troubles until it is settled here again.
   * @returns ms after which the partition is to be restored
   */
  retryIn(lease: PartitionLease, error: unknown, attempt: number): number {
    const { partition, revoked } = lease
    this.stalled.set(partition, error instanceof Error ? error.message : String(error))
    if (error instanceof BrokerError && error.code === 'newer-format') {
      this.givingBack = this.givingBack.then(() => lease.release()).catch(() => undefined)
    } else revoked.addEventListener('abort', () => this.stalled.delete(partition), { once: true })
    this.options.telemetry.batchFailed({ partition, reason: reasonOf(error), error })
    return Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (attempt - 1))
  }

  private async restored(lease: PartitionLease): Promise<PartitionRuntime> {
    const { broker, clock, registry, telemetry, present } = this.options
    const number = lease.partition
    for (;;) {
      const { model, service } = present()
      this.formats ??= await agreeOnFormats(service.published, registry)
      const { covariates } = this
      await covariates.begin(service.computed)
      const { table } = covariates
      const restoring = restore(lease, broker, service.computed, model, clock, this.formats, table)
      const { partition, replaced, ...restored } = await restoring
      if (replaced) telemetry.topicReplaced({ partition: number, topic: lease.topic })
      telemetry.restored({ partition: number, ...restored })
      const now = present()
      if (model !== now.model || service !== now.service) continue // another one came meanwhile
      return new PartitionRuntime(lease, partition, service.computed, clock, {
        busy: () => this.incomplete > 0 && clock.now() - this.incompleteSince < LONGEST_WAIT_MS,
        stored: (snapshot) => telemetry.snapshot({ partition: number, ...snapshot }),
        shadowLost: (error) => {
          telemetry.logger.warn({ err: error }, 'the network in the shadow could not go on; it begins anew')
        },
        foretell: () => covariates.look(),
      })
    }
  }
}

/** Whose failure it was, for the metrics. */
export function reasonOf(error: unknown): 'broker' | 'registry' | 'internal' {
  const name = error instanceof Error ? error.name : ''
  return name === 'BrokerError' ? 'broker' : name === 'RegistryError' ? 'registry' : 'internal'
}
