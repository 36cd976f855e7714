import { mergeMap, Subject, type Subscription } from 'rxjs'
import type { PipelineConfig } from '../config/types.js'
import { consumerGroup } from '../core/consumer-group.js'
import type { DriftAlarm } from '../core/drift.js'
import { isoInterval } from '../core/forecast/format.js'
import { F64, F64_WIDTH, StateLayout } from '../core/layout.js'
import { stateSize, type NetworkSpec } from '../core/network-spec.js'
import type { Broker, Consumption, PartitionLease, TopicSpec } from '../ports/broker.js'
import type { Clock } from '../ports/clock.js'
import type { Continuation, PipelineForm, PipelineStatus, SampleRequest } from '../ports/control.js'
import type { ShadowFigures } from '../ports/control/learning.js'
import type { Engine } from '../ports/engine.js'
import type { ModelStore, StoredModel } from '../ports/model-store.js'
import type { SchemaRegistry } from '../ports/schema-registry.js'
import type { PipelineTelemetry } from '../telemetry/pipeline-telemetry.js'
import { BASELINE, modelLabel, networkModel, type ActiveModel } from './active-model.js'
import { continuation } from './continuation.js'
import { asConfigured, fits } from './fits.js'
import { agreeOnFormats, mostRecords, type Formats } from './formats.js'
import type { Office } from './models/desk.js'
import type { Partition } from './partition.js'
import { PartitionRuntime } from './partition-runtime.js'
import { partitionPipe } from './pipe.js'
import { Progress } from './progress.js'
import { report } from './report.js'
import { restore } from './restore.js'
import { ShadowRun } from './shadow-run.js'
import { serviceOf, sharesStates, type Service } from './service.js'
import { SeriesView } from './series/series-view.js'

export interface PipelineDependencies {
  readonly config: PipelineConfig
  readonly broker: Broker
  readonly models: ModelStore
  readonly engine: Engine
  readonly telemetry: PipelineTelemetry
  readonly clock: Clock
  /** `null` where none is configured. */
  readonly registry: SchemaRegistry | null
  /** For topics that the pipeline creates. */
  readonly retention: Pick<TopicSpec, 'retentionMs' | 'retentionBytes'>
  /**
   * Another network needs other states: the pipeline is to be stopped and started again. Absent: that takes effect
   * whenever it is started next.
   */
  readonly relaunch?: () => void
  /** Partitions of the input topic fell silent for good: the pipeline cannot go on. */
  readonly failed: (error: unknown) => void
}

const FIRST_RETRY_MS = 200
const LONGEST_RETRY_MS = 30_000
/** Snapshots wait so long for partitions that are not complete: one without usable states takes minutes. */
const LONGEST_WAIT_MS = 30_000

/** One input topic, its partitions owned by this process, and the model that forecasts them. */
export class Pipeline {
  readonly progress: Progress
  readonly series: SeriesView
  private readonly shadows: ShadowRun
  private readonly leases = new Subject<PartitionLease>()
  private readonly partitions = new Map<number, PartitionRuntime>()
  /** By partition, what made its last batch fail. */
  private readonly stalled = new Map<number, string>()
  /** Agreed on with the schema registry when the first partition is taken. */
  private formats: Formats | undefined
  private model: ActiveModel = BASELINE
  private configured: PipelineConfig
  private service: Service
  /** Version that the store named when it was last asked; `null` while that is none. */
  private champion: number | null = null
  private readonly stopping = new AbortController()
  /** Changes of the network take turns. */
  private turn: Promise<unknown> = Promise.resolve()
  /** Partitions that were taken over become complete in turns. */
  private filling: Promise<unknown> = Promise.resolve()
  private consumption: Consumption | undefined
  private subscription: Subscription | undefined
  private phase: PipelineStatus['phase'] = 'starting'
  private restoring = 0
  /** Partitions that are being restored, or whose stored series are not all back. */
  private incomplete = 0
  /** When the first of those of now was taken. */
  private incompleteSince = 0
  /** What the trainer is doing, in words. */
  training = 'off'

  constructor(private readonly deps: PipelineDependencies) {
    this.configured = deps.config
    this.service = this.find(this.stored())
    this.shadows = new ShadowRun(deps.engine, this.partitions)
    this.progress = new Progress(deps.clock, new StateLayout(this.service.computed))
    const { broker, clock, registry } = deps
    this.series = new SeriesView({
      config: () => this.service.computed,
      broker,
      clock,
      lookup: registry === null ? null : (id) => registry.schema(id),
      runtimes: () => this.runtimes(),
      model: () => this.model,
    })
  }

  /** Creates missing topics, loads the champion, joins the group. Forecasting begins as partitions are assigned. */
  async start(): Promise<void> {
    const { broker, models, retention } = this.deps
    const config = this.service.computed
    const { topic } = config
    await broker.ensureTopics(topicsOf(config, retention))
    const version = models.champion(config.name)
    const champion = this.stored()
    const serves = champion !== null && serviceOf(this.configured, champion.spec) !== null
    this.model = await this.load(serves ? champion : null, this.service)
    const loaded = { version: this.model.version, cell: config.model.cell, cause: 'loaded' } as const
    this.deps.telemetry.model(loaded)
    this.champion = version
    this.subscription = this.leases
      .pipe(
        mergeMap((lease) =>
          partitionPipe(
            lease,
            (l) => this.take(l),
            mostRecords(config),
            (error, attempt) => this.retryIn(lease, error, attempt),
          ),
        ),
      )
      .subscribe({
        next: (settled) => {
          this.stalled.delete(settled.partition)
          report(settled, this.deps.telemetry, this.deps.clock.now())
          this.progress.add(settled)
          this.series.viewed.take(settled.advance.viewed)
        },
        error: (error: unknown) => {
          this.phase = 'failed'
          this.deps.failed(error)
        },
      })
    const assigned = (lease: PartitionLease): void => {
      this.leases.next(lease)
    }
    const delivery = { guarantee: config.delivery, commitIntervalMs: config.batch.commitInterval }
    this.consumption = await broker.consume(topic, consumerGroup(config.name), assigned, delivery)
  }

  /** Settles what is under way, writes a last snapshot and leaves the group. */
  async stop(): Promise<void> {
    const runtimes = [...this.partitions.values()]
    this.stopping.abort()
    await Promise.allSettled(runtimes.map((runtime) => runtime.halt()))
    await this.consumption?.close()
    this.subscription?.unsubscribe()
    this.partitions.clear()
    await this.shadows.end()
    this.model.network?.release()
  }

  /**
   * Takes up another configuration while consumption goes on; only one that it `takes`. Rejects where a snapshot could
   * not be written; the partitions before it have it then.
   */
  reconfigure(config: PipelineConfig): Promise<void> {
    return this.alone(async () => {
      const service = serviceOf(config, this.model.network?.spec ?? null)
      if (service === null) throw new Error(`${config.name} cannot go on under this configuration`)
      const formats = await agreeOnFormats(service.published, this.deps.registry)
      this.configured = config
      this.service = service
      this.formats = formats
      for (const runtime of [...this.partitions.values()]) {
        if (!runtime.lease.revoked.aborted) await runtime.reconfigure(service.computed, formats)
      }
    })
  }

  /** Whether the pipeline can go on with the states it has under another configuration, of which only single settings differ. */
  takes(config: PipelineConfig): boolean {
    const service = serviceOf(config, this.model.network?.spec ?? null)
    return service !== null && sharesStates(service, this.service)
  }

  /**
   * What it learns to: as it is configured; while a network is in use that forecasts further, or at more levels, with that
   * network's horizon and quantiles.
   */
  get config(): PipelineConfig {
    return this.service.complete ? this.service.computed : this.configured
  }

  /** False while a network is in use that was made for another configuration, and goes on until there is one for this. */
  get complete(): boolean {
    return this.service.complete
  }

  /** Whether a network is one for this configuration. */
  suits(spec: NetworkSpec): boolean {
    return serviceOf(this.configured, spec)?.complete ?? false
  }

  /**
   * Makes a stored version the champion and takes it into use, without a pause of the stream: resolves when it
   * forecasts, or when `signal` fires. Durable first: whatever crashes or stops on the way comes back with the new
   * champion, and re-warms the states that were stored under the old one. Rejects, and changes nothing, where the engine
   * refuses the weights.
   */
  promote(model: StoredModel, signal?: AbortSignal): Promise<void> {
    return this.alone(() => this.use(model, 'promoted', signal))
  }

  /** Goes back to the baseline; durable first, as in a promotion. */
  setAside(): Promise<void> {
    return this.alone(() => this.use(null, 'dropped'))
  }

  /**
   * Takes up the champion that another process of the group has promoted; called now and then. One that was made for
   * another configuration says nothing here: what is in use stays.
   */
  async follow(): Promise<void> {
    const { models } = this.deps
    const config = this.configured
    if (models.champion(config.name) === this.champion) return
    await this.alone(async () => {
      const version = models.champion(config.name)
      if (version === this.champion) return
      const model = version === null ? null : models.get(config.name, version)
      if (model === null || serviceOf(config, model.spec) !== null) await this.use(model, 'followed')
      else this.champion = version
    })
  }

  /** For people who choose its network by hand. */
  get office(): Office {
    const { newest } = this
    return {
      serving: this.version === 0 ? null : this.version,
      newest: Number.isFinite(newest) ? newest : null,
      observations: this.observations().total,
      appoint: (model) => (model === null ? this.setAside() : this.promote(model)),
    }
  }

  /**
   * Lets a stored version run beside what is in use, unpublished; called now and then. `null`: none.
   * @returns false where it was made for another configuration, or is not stored any more
   */
  async shadow(version: number | null): Promise<boolean> {
    const { shadows } = this
    const config = this.service.computed
    if (version === null || version !== shadows.version) {
      const model = version === null ? null : this.deps.models.get(config.name, version)
      if (model === null || !fits(model.spec, config)) {
        if (shadows.version !== 0) await shadows.end()
        return version === null
      }
      await shadows.begin(model, config)
    }
    await shadows.extend()
    return true
  }

  /** How the network in the shadow compares; `null` where there is none. */
  shadowFigures(): ShadowFigures | null {
    return this.shadows.figures(this.service.computed)
  }

  /** Observations of the longest series, and of all resident ones. */
  observations(): { longest: number; total: number } {
    let longest = 0
    let total = 0
    for (const { partition } of this.partitions.values()) {
      const { slots, table } = partition.states
      for (const [, slot] of slots.entries()) {
        const count = table.f64[slot * F64_WIDTH + F64.count]!
        total += count
        if (count > longest) longest = count
      }
    }
    return { longest, total }
  }

  /** The stream's own time: the newest time stamp taken, ms; −Infinity before the first. */
  get newest(): number {
    let newest = -Infinity
    for (const { partition } of this.partitions.values()) {
      newest = Math.max(newest, partition.states.aligner.watermark)
    }
    return newest
  }

  /** Newest time stamp (ms) the network in use was trained on; `null` while the baseline forecasts. */
  get trainedTo(): number | null {
    return this.model.version === 0 ? null : this.model.trainedTo
  }

  /** Rolling scores of what was published and of the baseline; `null` until something could be scored. */
  liveScores(): PipelineStatus['accuracy'] {
    return this.progress.accuracy(this.partitions.values())
  }

  /** Of the partition nearest to an alarm, and the latest alarm of any. */
  drift(): { score: number; alarm: DriftAlarm | null } {
    let score = 0
    let alarm: DriftAlarm | null = null
    for (const { partition } of this.partitions.values()) {
      const { drift } = partition.states
      score = Math.max(score, drift.score)
      if (drift.alarm !== null && drift.alarm.at > (alarm?.at ?? -Infinity)) alarm = drift.alarm
    }
    return { score, alarm }
  }

  /** Of the partitions that this process owns now. */
  runtimes(): readonly PartitionRuntime[] {
    return [...this.partitions.values()]
  }

  /** Bytes of state a series takes, in memory and in the store. */
  bytesPerSeries(): number {
    const { computed } = this.service
    return new StateLayout(computed).bytesPerSeries(stateSize(computed.model))
  }

  /** Two processes that trained would give two networks the same version. */
  get trainsHere(): boolean {
    return this.partitions.has(0)
  }

  get version(): number {
    return this.model.version
  }

  get lag(): number {
    let lag = 0
    for (const runtime of this.partitions.values()) lag += runtime.lag
    return lag
  }

  /** `null` where the series has made no forecast since this process took it up. */
  latestForecast(series: string): string | null {
    let latest: ReturnType<Partition['latest']> = null
    // Of a series that moved, as its topic got more partitions, the one before still has a forecast.
    for (const { partition } of this.partitions.values()) {
      const forecast = partition.latest(series)
      if (forecast !== null && forecast.ts >= (latest?.ts ?? -Infinity)) latest = forecast
    }
    return latest?.json ?? null
  }

  /** Goes on from a copy of a symbol series; `null` where this process has nothing of it. */
  async sample(series: string, request: SampleRequest): Promise<Continuation | null> {
    for (const runtime of this.partitions.values()) {
      const branch = await runtime.branch(series)
      if (branch === null) continue
      try {
        return await continuation(branch, request)
      } catch (error) {
        if (branch.model === this.model) throw error
        // Its network was released meanwhile for another one.
        return this.sample(series, request)
      }
    }
    return null
  }

  status(): PipelineStatus {
    const { name, topic, output } = this.config
    const published = this.progress.accuracy(this.partitions.values())
    let series = 0
    for (const { partition } of this.partitions.values()) series += partition.states.slots.size
    return {
      name,
      topic,
      output,
      form: formOf(this.service.published),
      model: modelLabel(this.model.version, this.service.computed.model.cell),
      phase: this.restoring > 0 ? 'restoring' : this.phase,
      training: this.training,
      records: this.progress.records,
      recordsPerSecond: this.progress.rate(),
      lag: this.lag,
      series,
      rejected: this.progress.rejected,
      accuracy: published,
    }
  }

  /** Why partitions that this process owns are not at work, in words; it is tried again. `null` when nothing is wrong. */
  get trouble(): string | null {
    const [stalled = null] = this.stalled.values()
    return this.consumption?.trouble() ?? stalled
  }

  /** Figures that change slowly, for the metrics: called now and then. */
  measure(): void {
    const accuracy = this.progress.accuracy(this.partitions.values())
    const { telemetry } = this.deps
    telemetry.trouble(this.trouble)
    telemetry.driftScore({ score: this.drift().score })
    if (accuracy !== null) telemetry.accuracy({ accuracy })
    for (const [number, runtime] of this.partitions) {
      const lost = runtime.lostSinceAsked()
      if (lost > 0) telemetry.lost({ partition: number, records: lost })
      const { states } = runtime.partition
      telemetry.states({
        partition: number,
        resident: states.slots.size,
        spilled: states.spilled,
        bytesPerSeries: states.bytesPerSeries,
      })
    }
  }

  /**
   * Takes a network into use, or the baseline (`null`): its states are made while the present one serves, and each
   * partition changes over between two batches. A partition that is lost meanwhile does not keep the others from it.
   */
  private async use(
    stored: StoredModel | null,
    cause: 'promoted' | 'followed' | 'dropped',
    given?: AbortSignal,
  ): Promise<void> {
    const { models, telemetry } = this.deps
    const config = this.configured
    const service = serviceOf(config, stored?.spec ?? null)
    if (service === null) throw new Error('the network was made for another kind of series')
    const signal = given === undefined ? this.stopping.signal : AbortSignal.any([given, this.stopping.signal])
    const model = await this.load(stored, service)
    const version = stored?.version ?? null
    if (!sharesStates(service, this.service)) {
      model.network?.release()
      if (cause !== 'followed') await models.setChampion(config.name, version)
      this.champion = version
      this.deps.relaunch?.()
      return
    }
    try {
      if (cause !== 'followed') await models.setChampion(config.name, version)
      await this.prepare(model, signal)
      signal.throwIfAborted()
    } catch (error) {
      await Promise.all([...this.partitions.values()].map((runtime) => runtime.forgo()))
      model.network?.release()
      if (signal.aborted) return
      throw error
    }
    const before = this.model
    this.model = model
    this.service = service
    this.champion = version
    telemetry.model({ version: model.version, cell: service.computed.model.cell, cause })
    for (const [partition, runtime] of [...this.partitions]) {
      await runtime.swap(model).catch((error: unknown) => {
        telemetry.batchFailed({ partition, reason: reasonOf(error), error })
      })
    }
    before.network?.release()
  }

  /** One partition after the other; those that come meanwhile as well. */
  private async prepare(model: ActiveModel, signal: AbortSignal): Promise<void> {
    if (model.network === null) return
    const prepared = new Set<PartitionRuntime>()
    for (;;) {
      const runtime = [...this.partitions.values()].find((one) => !prepared.has(one))
      if (runtime === undefined || signal.aborted) return
      prepared.add(runtime)
      await runtime.prepare(model, signal)
    }
  }

  private async load(model: StoredModel | null, { computed }: Service): Promise<ActiveModel> {
    if (model === null) return BASELINE
    const network = await this.deps.engine.load(asConfigured(model.spec, computed), model.weights)
    return networkModel(model.version, network, model.report.to)
  }

  /** The champion as it is stored. */
  private stored(): StoredModel | null {
    const { models } = this.deps
    const { name } = this.configured
    const version = models.champion(name)
    return version === null ? null : models.get(name, version)
  }

  /** What can be done with a network, or without, where it cannot be used. */
  private find(model: StoredModel | null): Service {
    const { configured } = this
    const served = model === null ? null : serviceOf(configured, model.spec)
    return served ?? { computed: configured, published: configured, complete: true }
  }

  private alone<T>(work: () => Promise<T>): Promise<T> {
    const result = this.turn.then(work)
    this.turn = result.catch(() => undefined)
    return result
  }

  private async take(lease: PartitionLease): Promise<PartitionRuntime> {
    const { clock, telemetry } = this.deps
    this.restoring++
    if (this.incomplete++ === 0) this.incompleteSince = clock.now()
    let complete: Promise<unknown> = Promise.resolve()
    this.partitions.get(lease.partition)?.end()
    this.partitions.delete(lease.partition)
    try {
      let model: ActiveModel
      let service: Service
      let runtime: PartitionRuntime
      do {
        model = this.model
        service = this.service
        const { broker, registry } = this.deps
        this.formats ??= await agreeOnFormats(service.published, registry)
        const { partition, replaced, ...restored } = await restore(
          lease,
          broker,
          service.computed,
          model,
          clock,
          this.formats,
        )
        if (replaced) telemetry.topicReplaced({ partition: lease.partition, topic: lease.topic })
        telemetry.restored({ partition: lease.partition, ...restored })
        runtime = new PartitionRuntime(lease, partition, service.computed, clock, {
          busy: () => this.incomplete > 0 && clock.now() - this.incompleteSince < LONGEST_WAIT_MS,
          stored: (snapshot) => telemetry.snapshot({ partition: lease.partition, ...snapshot }),
          shadowLost: (error) => {
            telemetry.logger.warn({ err: error }, 'the network in the shadow could not go on; it begins anew')
          },
        })
      } while (model !== this.model || service !== this.service) // another one came meanwhile
      runtime.partition.viewed = this.series.viewed
      this.partitions.set(lease.partition, runtime)
      lease.revoked.addEventListener('abort', () => {
        runtime.end()
        if (this.partitions.get(lease.partition) !== runtime) return
        this.partitions.delete(lease.partition)
        this.series.viewed.clear()
      })
      this.phase = 'running'
      // One partition after the other: together they would leave too little of the processor to batches.
      this.filling = complete = this.filling.then(() => runtime.fill())
      return runtime
    } finally {
      this.restoring--
      void complete.then(() => this.incomplete--)
    }
  }

  private retryIn(lease: PartitionLease, error: unknown, attempt: number): number {
    this.stalled.set(lease.partition, error instanceof Error ? error.message : String(error))
    lease.revoked.addEventListener('abort', () => this.stalled.delete(lease.partition), { once: true })
    this.deps.telemetry.batchFailed({ partition: lease.partition, reason: reasonOf(error), error })
    return Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (attempt - 1))
  }
}

/** What a pipeline's forecasts are of. */
export function formOf({ kind, interval, season, horizon, quantiles }: PipelineConfig): PipelineForm {
  return { kind, interval: isoInterval(interval), season, horizon, quantiles }
}

/** All topics of a pipeline. */
export function topicsOf(
  { topic, output, deadLetter, anomalies, partitions }: PipelineConfig,
  retention: PipelineDependencies['retention'],
): TopicSpec[] {
  const names = [topic, output, deadLetter, ...(anomalies.topic === null ? [] : [anomalies.topic])]
  return names.map((name) => ({ name, partitions, ...retention }))
}

function reasonOf(error: unknown): 'broker' | 'registry' | 'internal' {
  const name = error instanceof Error ? error.name : ''
  return name === 'BrokerError' ? 'broker' : name === 'RegistryError' ? 'registry' : 'internal'
}
