import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedBroker, type EmbeddedBroker } from '../src/adapters/embedded/embedded-broker.js'
import { startEngine } from '../src/adapters/tensorflow/engine.js'
import { loadConfig } from '../src/config/load.js'
import type { PipelineConfig } from '../src/config/types.js'
import type { SeriesHistory } from '../src/core/history.js'
import { initialWeights } from '../src/model/initial-weights.js'
import { Pipeline } from '../src/pipeline/pipeline.js'
import { systemClock } from '../src/ports/clock.js'
import type { Broker } from '../src/ports/broker.js'
import type { ModelStore } from '../src/ports/model-store.js'
import type { Engine } from '../src/ports/engine.js'
import { createTelemetry, type Telemetry } from '../src/telemetry/telemetry.js'
import { networkSpec } from '../src/training/network-spec.js'

type BenchBroker = Broker & { readonly models: ModelStore }

/** A log in a temporary directory, or a broker that is given, an engine, and pipelines on them: the daemon without its process. */
export class Workbench<B extends BenchBroker = EmbeddedBroker> {
  private constructor(
    readonly broker: B,
    readonly engine: Engine,
    private readonly telemetry: Telemetry,
    private readonly closed: () => Promise<void>,
  ) {}

  static async open(): Promise<Workbench> {
    return (await Workbench.inFolder()).bench
  }

  /** As `open`; `log` is what another process needs to read the log beside it. */
  static async inFolder(): Promise<{
    readonly bench: Workbench
    readonly log: { readonly kind: 'embedded'; readonly dir: string; readonly mapSizeBytes: number }
  }> {
    const dir = await mkdtemp(join(tmpdir(), 'tidecast-bench-'))
    const place = { dir, mapSizeBytes: 2 ** 36 }
    const broker = await openEmbeddedBroker({ ...place, clock: systemClock, pid: process.pid })
    const bench = await Workbench.on(broker, async () => {
      await broker.close()
      await rm(dir, { recursive: true, force: true })
    })
    return { bench, log: { kind: 'embedded', ...place } }
  }

  /** @param closed called at the end */
  static async on<B extends BenchBroker>(broker: B, closed: () => Promise<void>): Promise<Workbench<B>> {
    const engine = await startEngine({ backend: 'auto', threads: 1 }, (error) => {
      throw error
    })
    const telemetry = createTelemetry({
      level: 'warn',
      format: 'json',
      destination: process.stderr,
      version: 'bench',
    })
    return new Workbench(broker, engine, telemetry, closed)
  }

  async close(): Promise<void> {
    await this.engine.close()
    await this.closed()
  }

  /** A pipeline's configuration, made as from a file. */
  static config(settings: Readonly<Record<string, unknown>>, name = 'bench'): PipelineConfig {
    const pipeline = { topic: 'data', training: { enabled: false }, ...settings }
    return loadConfig({ files: [], text: JSON.stringify({ pipelines: { [name]: pipeline } }), env: {} })
      .pipelines[0]!
  }

  /** Makes a network with fresh weights the champion: what it costs does not depend on what it has learnt. */
  async pinModel(config: PipelineConfig): Promise<void> {
    const nobody: SeriesHistory = {
      series: 'known',
      start: 0,
      values: Float64Array.of(1),
      ts: Float64Array.of(0),
    }
    const spec = networkSpec([nobody], config, config.model)
    const scores = { mase: 1, wql: 1, coverage: 1, targets: 1 }
    const model = await this.broker.models.put({
      pipeline: config.name,
      spec,
      weights: initialWeights(spec, 1),
      parent: null,
      report: {
        startedAt: new Date(0).toISOString(),
        seconds: 0,
        backend: '',
        observations: 0,
        series: 0,
        updates: 0,
        from: 0,
        to: 0,
        curve: [],
        clippedShare: 0,
        validationLoss: 0,
      },
      scores: { network: scores, baseline: scores },
    })
    await this.broker.models.setChampion(config.name, model.version)
  }

  /** @param broker in place of the workbench's own, to watch what goes through the port */
  pipeline(config: PipelineConfig, broker: Broker = this.broker): Pipeline {
    const { engine } = this
    return new Pipeline({
      config,
      broker,
      models: this.broker.models,
      engine,
      registry: null,
      telemetry: this.telemetry.pipeline(config.name),
      clock: systemClock,
      retention: {},
      failed: (error) => {
        throw error
      },
    })
  }

  /** Resolves when the pipeline has settled so many records. */
  static async settled(pipeline: Pipeline, records: number): Promise<void> {
    while (pipeline.progress.records < records) await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
