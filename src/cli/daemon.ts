import { startEngine } from '../adapters/tensorflow/engine.js'
import type { ConfigDiff } from '../config/diff.js'
import type { Config } from '../config/types.js'
import { UnfitValue, type ValueWriter } from '../core/value-writer.js'
import { agreeOnFormats } from '../pipeline/formats.js'
import { ModelDesk, restingOffice } from '../pipeline/models/desk.js'
import { topicsOf } from '../pipeline/pipeline.js'
import type { Broker, OutboundRecord } from '../ports/broker.js'
import type { BrokerPlace } from '../ports/broker-place.js'
import type { Clock } from '../ports/clock.js'
import type { Continuation, Control, IngestOutcome, IngestRecord, SampleRequest } from '../ports/control.js'
import type { HoldOutcome } from '../ports/control/config.js'
import type { LearningControl } from '../ports/control/learning.js'
import type { ModelsControl } from '../ports/control/models.js'
import type { ProblemsControl } from '../ports/control/problems.js'
import type { Engine } from '../ports/engine.js'
import { RegistryError, type SchemaRegistry } from '../ports/schema-registry.js'
import { problemsOf } from '../telemetry/problems.js'
import type { Telemetry } from '../telemetry/telemetry.js'
import { TrainingSupervisor } from '../training/supervisor.js'
import { brokerPlace, openBroker, type OpenBroker } from './broker.js'
import { requireDevices } from './cuda-probe.js'
import { Fleet } from './fleet.js'
import { launchTrainer } from './launch-trainer.js'
import { InputWriters } from './input-writers.js'
import { Liveness } from './liveness.js'
import { openRegistry, registryPlace } from './registry.js'
import { forecastFromOutput } from './output-forecast.js'
import { SeriesDesk } from './series-desk.js'

/** Records that may wait to be consumed before more are refused over HTTP. */
const MAX_WAITING = 1_000_000
const TICK_MS = 1000

export interface DaemonOptions {
  readonly config: Config
  readonly telemetry: Telemetry
  readonly clock: Clock
  readonly pid: number
  /** As it was before TensorFlow's settings were added: the trainer process gets its own. */
  readonly env: NodeJS.ProcessEnv
  /** Something failed for good; the daemon is to be closed. */
  readonly failed: (error: unknown) => void
  /** A trainer died of a fault of its own; the daemon goes on. */
  readonly trainerCrashed?: (error: Error) => void
  /** Called about once a second while the daemon runs. */
  readonly ticking?: () => void
  /** Runs once the log is open and before the pipelines start. */
  readonly prepare?: (broker: Broker) => Promise<void>
}

/** Everything that runs in the daemon's process but the HTTP server: log, engine, pipelines, training. */
export class Daemon implements Control, LearningControl, ModelsControl, ProblemsControl {
  readonly series = new SeriesDesk((name) => this.fleet.get(name)?.series)
  private writers: InputWriters
  /** What runs. */
  private config: Config
  private timer: NodeJS.Timeout | undefined
  private readonly liveness: Liveness
  /** Pipelines that cannot take up their champion, and why: told once. */
  private readonly unfollowed = new Map<string, string>()

  private constructor(
    private readonly options: DaemonOptions,
    private readonly broker: OpenBroker,
    readonly engine: Engine,
    private readonly fleet: Fleet,
    private readonly supervisor: TrainingSupervisor,
    private readonly registry: SchemaRegistry | null,
    /** What trainers are told of the world; the login may change. */
    private readonly job: { log: BrokerPlace },
  ) {
    this.config = options.config
    this.liveness = new Liveness(options.clock.now())
    this.writers = new InputWriters(options.config.pipelines, registry)
  }

  /** Rejects with `BrokerError('locked')` where another daemon holds the log. */
  static async start(options: DaemonOptions): Promise<Daemon> {
    const { config, telemetry, clock, failed } = options
    await requireDevices(config, options.env)
    const place = brokerPlace(config, config.dataDir)
    const broker = await openBroker(place, {
      clock,
      pid: options.pid,
      log: (level, message, details) => {
        telemetry.component('broker')[level](details, message)
      },
    })
    let engine: Engine | undefined
    try {
      engine = await startEngine({ ...config.engine, ...config.inference }, failed)
      telemetry.engine(engine.backend)
      await options.prepare?.(broker)
      const { models } = broker
      const schemas = registryPlace(config.schemaRegistry)
      const registry = openRegistry(schemas)
      const job = { log: place, registry: schemas, backend: config.engine.backend }
      const supervisor = new TrainingSupervisor({
        pipelines: [],
        models,
        launch: launchTrainer(options.env, options.trainerCrashed),
        job,
        telemetry: (name) => telemetry.pipeline(name),
        clock,
      })
      const shared = { broker, models, engine, registry, clock, failed, telemetry, supervisor }
      const fleet = new Fleet(shared)
      fleet.retention = retentionOf(config)
      for (const pipeline of config.pipelines) await fleet.add(pipeline)
      const daemon = new Daemon(options, broker, engine, fleet, supervisor, registry, job)
      daemon.timer = setInterval(() => {
        daemon.tick()
      }, TICK_MS)
      return daemon
    } catch (error) {
      await engine?.close()
      await broker.close()
      throw error
    }
  }

  /**
   * Goes over to another configuration, as far as a running process can. What may go wrong is tried before anything is
   * changed; where a pipeline fails all the same, the others are taken back. Rejects then, and what ran goes on.
   */
  async reconfigure({ daemon, pipelines }: ConfigDiff, config: Config): Promise<void> {
    const { options, broker, fleet, registry } = this
    await requireDevices(config, options.env)
    const kept = this.config.pipelines.filter(({ name }) => config.pipelines.some((one) => one.name === name))
    const retention = retentionOf(config)
    const lasting = daemon.some(({ path }) => path.startsWith('broker.embedded.retention'))
    for (const change of pipelines) {
      if (change.kind === 'removed' || change.after.paused) continue
      await broker.ensureTopics(topicsOf(change.after, retention))
      await agreeOnFormats(change.after, registry)
    }
    await fleet.apply(pipelines)
    if (lasting) for (const pipeline of kept) await broker.ensureTopics(topicsOf(pipeline, retention))
    this.config = config
    fleet.retention = retention
    this.writers = new InputWriters(config.pipelines, registry)
    this.job.log = brokerPlace(config, config.dataDir)
    if (broker.kind === 'kafka') broker.renew(this.job.log)
    options.telemetry.logFrom(config.log)
  }

  hold(pipeline: string, held: boolean): Promise<HoldOutcome> {
    return this.fleet.hold(pipeline, held)
  }

  /** Drains: ends a training, writes last snapshots, closes the log. */
  async close(): Promise<void> {
    clearInterval(this.timer)
    await this.supervisor.stop()
    await this.fleet.close()
    await this.engine.close()
    await this.broker.close()
  }

  alive(): boolean {
    return this.liveness.alive(this.options.clock.now())
  }

  notReady(): string | null {
    return this.fleet.notReady()
  }

  pipelines(): ReturnType<Control['pipelines']> {
    return this.fleet.statuses()
  }

  problems(): ReturnType<ProblemsControl['problems']> {
    return problemsOf(
      this.fleet.statuses().map((status) => ({
        status,
        trouble: this.fleet.trouble(status.name),
        learning: this.supervisor.learning(status.name),
      })),
    )
  }

  async latestForecast(name: string, series: string): Promise<string | null | undefined> {
    const pipeline = this.fleet.get(name)
    if (pipeline === undefined) return undefined
    const latest = pipeline.latestForecast(series)
    if (latest !== null) return latest
    const published = await forecastFromOutput(this.broker, pipeline.config, this.registry, series)
    return published === null ? null : JSON.stringify(published)
  }

  async sample(
    name: string,
    series: string,
    request: SampleRequest,
  ): Promise<Continuation | 'numbers' | null | undefined> {
    const pipeline = this.fleet.get(name)
    if (pipeline === undefined) return undefined
    return pipeline.config.kind === 'symbols' ? pipeline.sample(series, request) : 'numbers'
  }

  async ingest(topic: string, records: readonly IngestRecord[]): Promise<IngestOutcome> {
    if (!(await this.broker.topics()).includes(topic)) return { kind: 'unknown-topic' }
    const waiting = this.fleet.running.filter(({ config }) => config.topic === topic).map(({ lag }) => lag)
    if (Math.max(0, ...waiting) > MAX_WAITING) return { kind: 'busy', retryAfterSeconds: 5 }
    let write: ValueWriter
    try {
      write = await this.writers.of(topic)
    } catch (error) {
      if (error instanceof RegistryError) return { kind: 'no-schema', reason: error.message }
      throw error
    }
    const unfit: { index: number; reason: string }[] = []
    const written: OutboundRecord[] = []
    for (const [index, { key, value, timestamp }] of records.entries()) {
      try {
        const stamp = timestamp === undefined ? {} : { timestamp }
        written.push({ topic, key: Buffer.from(key), ...stamp, ...write(value) })
      } catch (error) {
        if (!(error instanceof UnfitValue)) throw error
        unfit.push({ index, reason: error.message })
      }
    }
    if (unfit.length > 0) this.writers.forget(topic)
    if (written.length > 0) await this.broker.append(written)
    return { kind: 'appended', unfit }
  }

  learning(pipeline: string): ReturnType<LearningControl['learning']> {
    return this.supervisor.learning(pipeline)
  }

  train(...what: Parameters<LearningControl['train']>): ReturnType<LearningControl['train']> {
    return this.supervisor.train(...what)
  }

  models(name: string): ModelDesk | undefined {
    const config = this.fleet.configOf(name)
    if (config === undefined) return undefined
    const { models } = this.broker
    const office = this.fleet.get(name)?.office ?? restingOffice(config, models)
    return new ModelDesk(config, models, office, this.options.clock)
  }

  private tick(): void {
    this.liveness.tick(this.options.clock.now(), this.engine.oldest)
    for (const pipeline of this.fleet.running) {
      pipeline.measure()
      const { name } = pipeline.config
      pipeline.follow().then(
        () => this.unfollowed.delete(name),
        (error: unknown) => {
          if (this.unfollowed.get(name) === String(error)) return
          this.unfollowed.set(name, String(error))
          this.options.telemetry.logger.warn(
            { pipeline: name, error },
            'the champion of another process could not be taken up; trying again',
          )
        },
      )
    }
    this.fleet.measurePhases()
    this.fleet.retry()
    this.supervisor.tick()
    this.options.ticking?.()
  }
}

function retentionOf({ broker }: Config): { retentionMs?: number; retentionBytes?: number } {
  // What a cluster keeps is for its operators to say.
  if (broker.kind === 'kafka') return {}
  const { retentionMs, retentionBytes } = broker.embedded
  return { ...(retentionMs > 0 ? { retentionMs } : {}), ...(retentionBytes > 0 ? { retentionBytes } : {}) }
}
