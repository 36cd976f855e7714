import { mergeMap, Subject, type Subscription } from 'rxjs'
import type { PipelineConfig } from '../config/types.js'
import { consumerGroup } from '../core/consumer-group.js'
import type { DriftAlarm } from '../core/drift.js'
import { isoInterval } from '../core/forecast/format.js'
import { StateLayout } from '../core/layout.js'
import { stateSize, type NetworkSpec } from '../core/network-spec.js'
import type { Broker, Consumption, PartitionLease, TopicSpec } from '../ports/broker.js'
import type { Clock } from '../ports/clock.js'
import type { Continuation, PipelineForm, PipelineStatus, SampleRequest } from '../ports/control.js'
import type { ShadowFigures } from '../ports/control/learning.js'
import type { Engine } from '../ports/engine.js'
import type { ModelStore, StoredModel } from '../ports/model-store.js'
import type { SchemaRegistry } from '../ports/schema-registry.js'
import type { PipelineTelemetry } from '../telemetry/pipeline-telemetry.js'
import { modelLabel } from './active-model.js'
import { continuation } from './continuation.js'
import { fits } from './fits.js'
import { agreeOnFormats, mostRecords } from './formats.js'
import { Incumbent } from './incumbent.js'
import type { Office } from './models/desk.js'
import type { PartitionRuntime } from './partition-runtime.js'
import { Partitions } from './partitions.js'
import { partitionPipe } from './pipe.js'
import { Progress } from './progress.js'
import {
  drift,
  lag,
  latestForecast,
  measurePartitions,
  newest,
  observations,
  residents,
  stale,
} from './readings.js'
import { report } from './report.js'
import { ShadowRun } from './shadow-run.js'
import { serviceOf, sharesStates } from './service.js'
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

/** One input topic, its partitions owned by this process, and the model that forecasts them. */
export class Pipeline {
  readonly progress: Progress
  readonly series: SeriesView
  private readonly shadows: ShadowRun
  private readonly leases = new Subject<PartitionLease>()
  private readonly partitions: Partitions
  private readonly present: Incumbent
  private readonly stopping = new AbortController()
  /** Changes of the network take turns. */
  private turn: Promise<unknown> = Promise.resolve()
  private consumption: Consumption | undefined
  private subscription: Subscription | undefined
  private over = false
  /** What the trainer is doing, in words. */
  training = 'off'

  constructor(private readonly deps: PipelineDependencies) {
    const { broker, clock, registry, telemetry, models, engine, relaunch } = deps
    const partitions = (): Partitions => this.partitions
    const stopping = this.stopping.signal
    this.present = new Incumbent(deps.config, { models, engine, telemetry, partitions, stopping, relaunch })
    this.progress = new Progress(clock, new StateLayout(this.present.service.computed))
    this.series = new SeriesView({
      config: () => this.present.service.computed,
      broker,
      clock,
      lookup: registry === null ? null : (id) => registry.schema(id),
      runtimes: () => this.runtimes(),
      model: () => this.present.model,
    })
    const { viewed } = this.series
    const present = (): Incumbent => this.present
    this.partitions = new Partitions({ broker, clock, registry, telemetry, viewed, present })
    this.shadows = new ShadowRun(engine, this.partitions)
  }

  /** Creates missing topics, loads the champion, joins the group. Forecasting begins as partitions are assigned. */
  async start(): Promise<void> {
    const { broker, retention } = this.deps
    const config = this.present.service.computed
    const { topic } = config
    await broker.ensureTopics(topicsOf(config, retention))
    await this.present.load()
    this.subscription = this.leases
      .pipe(
        mergeMap((lease) =>
          partitionPipe(
            lease,
            (l) => this.partitions.take(l),
            mostRecords(config),
            (error, attempt) => this.partitions.retryIn(lease, error, attempt),
          ),
        ),
      )
      .subscribe({
        next: (settled) => {
          this.partitions.settled(settled.partition)
          report(settled, this.deps.telemetry, this.deps.clock.now())
          this.progress.add(settled)
          this.series.viewed.take(settled.advance.viewed)
        },
        error: (error: unknown) => {
          this.over = true
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
    this.stopping.abort()
    await Promise.allSettled(this.partitions.all().map((runtime) => runtime.halt()))
    await this.consumption?.close()
    this.subscription?.unsubscribe()
    this.partitions.clear()
    this.deps.telemetry.holdings({ partitions: [], series: [] })
    await this.shadows.end()
    this.present.model.network?.release()
  }

  /**
   * Takes up another configuration while consumption goes on; only one that it `takes`. Rejects where a snapshot could
   * not be written; the partitions before it have it then.
   */
  reconfigure(config: PipelineConfig): Promise<void> {
    return this.alone(async () => {
      const { present } = this
      const service = present.under(config)
      if (service === null) throw new Error(`${config.name} cannot go on under this configuration`)
      const formats = await agreeOnFormats(service.published, this.deps.registry)
      present.configured = config
      present.service = service
      this.partitions.formats = formats
      for (const runtime of this.partitions.all()) {
        if (!runtime.lease.revoked.aborted) await runtime.reconfigure(service.computed, formats)
      }
    })
  }

  /** Whether the pipeline can go on with the states it has under another configuration, of which only single settings differ. */
  takes(config: PipelineConfig): boolean {
    const service = this.present.under(config)
    return service !== null && sharesStates(service, this.present.service)
  }

  /**
   * What it learns to: as it is configured; while a network is in use that forecasts further, or at more levels, with that
   * network's horizon and quantiles.
   */
  get config(): PipelineConfig {
    const { service, configured } = this.present
    return service.complete ? service.computed : configured
  }

  /** False while a network is in use that was made for another configuration, and goes on until there is one for this. */
  get complete(): boolean {
    return this.present.service.complete
  }

  /** Whether a network is one for this configuration. */
  suits(spec: NetworkSpec): boolean {
    return serviceOf(this.present.configured, spec)?.complete ?? false
  }

  /**
   * Makes a stored version the champion and takes it into use, without a pause of the stream: resolves when it
   * forecasts, or when `signal` fires. Durable first: whatever crashes or stops on the way comes back with the new
   * champion, and re-warms the states that were stored under the old one. Rejects, and changes nothing, where the engine
   * refuses the weights.
   */
  promote(model: StoredModel, signal?: AbortSignal): Promise<void> {
    return this.alone(() => this.present.replace(model, 'promoted', signal))
  }

  /** Goes back to the baseline; durable first, as in a promotion. */
  setAside(): Promise<void> {
    return this.alone(() => this.present.replace(null, 'dropped'))
  }

  /**
   * Takes up the champion that another process of the group has promoted; called now and then. One that was made for
   * another configuration says nothing here: what is in use stays.
   */
  async follow(): Promise<void> {
    const { models } = this.deps
    const { present } = this
    const { name } = present.configured
    if (models.champion(name) === present.champion) return
    await this.alone(async () => {
      const version = models.champion(name)
      if (version === present.champion) return
      const model = version === null ? null : models.get(name, version)
      const serves = model === null || serviceOf(present.configured, model.spec) !== null
      if (serves) await present.replace(model, 'followed')
      else present.champion = version
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
    const config = this.present.service.computed
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
    return this.shadows.figures(this.present.service.computed)
  }

  /** Observations of the longest series, and of all resident ones. */
  observations(): { longest: number; total: number } {
    return observations(this.partitions.all())
  }

  /** The stream's own time: the newest time stamp taken, ms; −Infinity before the first. */
  get newest(): number {
    return newest(this.partitions.all())
  }

  /** Newest time stamp (ms) the network in use was trained on; `null` while the baseline forecasts. */
  get trainedTo(): number | null {
    const { model } = this.present
    return model.version === 0 ? null : model.trainedTo
  }

  /** Rolling scores of what was published and of the baseline; `null` until something could be scored. */
  liveScores(): PipelineStatus['accuracy'] {
    return this.progress.accuracy(this.partitions.all())
  }

  /** Quantile losses of what was scored since the start, in sum. */
  losses(): { published: number; baseline: number } {
    return this.progress.losses(this.partitions.all())
  }

  /** Of the partition nearest to an alarm, and the latest alarm of any. */
  drift(): { score: number; alarm: DriftAlarm | null } {
    return drift(this.partitions.all())
  }

  /** Of the partitions that this process owns now. */
  runtimes(): readonly PartitionRuntime[] {
    return this.partitions.all()
  }

  /** Bytes of state a series takes, in memory and in the store. */
  bytesPerSeries(): number {
    const { computed } = this.present.service
    return new StateLayout(computed).bytesPerSeries(stateSize(computed.model))
  }

  /** Two processes that trained would give two networks the same version. */
  get trainsHere(): boolean {
    return this.partitions.has(0)
  }

  get phase(): PipelineStatus['phase'] {
    return this.over ? 'failed' : this.partitions.phase
  }

  get version(): number {
    return this.present.model.version
  }

  get lag(): number {
    return lag(this.partitions.all())
  }

  /** `null` where the series has made no forecast since this process took it up. */
  latestForecast(series: string): string | null {
    return latestForecast(this.partitions.all(), series)
  }

  /** Goes on from a copy of a symbol series; `null` where this process has nothing of it. */
  async sample(series: string, request: SampleRequest): Promise<Continuation | null> {
    for (const runtime of this.partitions.all()) {
      const branch = await runtime.branch(series)
      if (branch === null) continue
      try {
        return await continuation(branch, request)
      } catch (error) {
        if (branch.model === this.present.model) throw error
        // Its network was released meanwhile for another one.
        return this.sample(series, request)
      }
    }
    return null
  }

  status(): PipelineStatus {
    const { name, topic, output } = this.config
    const { model, service } = this.present
    return {
      name,
      topic,
      output,
      form: formOf(service.published),
      model: modelLabel(model.version, service.computed.model.cell),
      phase: this.phase,
      training: this.training,
      records: this.progress.records,
      recordsPerSecond: this.progress.rate(),
      lag: this.lag,
      series: residents(this.partitions.all()),
      rejected: this.progress.rejected,
      stale: stale(this.partitions.all()),
      accuracy: this.liveScores(),
    }
  }

  /** Why partitions that this process owns are not at work, in words; it is tried again. `null` when nothing is wrong. */
  get trouble(): string | null {
    return this.consumption?.trouble() ?? this.partitions.trouble
  }

  /** Figures that change slowly, for the metrics: called now and then. */
  measure(): void {
    const accuracy = this.liveScores()
    const { telemetry } = this.deps
    telemetry.trouble(this.trouble)
    telemetry.driftScore({ score: this.drift().score })
    const { kind, quantiles } = this.present.service.computed
    const nominal = kind === 'symbols' ? null : quantiles.at(-1)! - quantiles[0]!
    telemetry.accuracy({ accuracy, nominal })
    measurePartitions(this.partitions.all(), this.present.service.computed.metrics.series, telemetry)
  }

  private alone<T>(work: () => Promise<T>): Promise<T> {
    const result = this.turn.then(work)
    this.turn = result.catch(() => undefined)
    return result
  }
}

/** What a pipeline's forecasts are of. */
export function formOf({ kind, interval, season, horizon, quantiles }: PipelineConfig): PipelineForm {
  return { kind, interval: isoInterval(interval), season, horizon, quantiles }
}

/** All topics of a pipeline. */
export function topicsOf(
  { topic, output, deadLetter, anomalies, futureCovariates, partitions }: PipelineConfig,
  retention: PipelineDependencies['retention'],
): TopicSpec[] {
  const others = [anomalies.topic, futureCovariates.topic].filter((name) => name !== null)
  return [topic, output, deadLetter, ...others].map((name) => ({ name, partitions, ...retention }))
}
