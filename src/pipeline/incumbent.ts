import type { PipelineConfig } from '../config/types.js'
import type { Engine } from '../ports/engine.js'
import type { ModelStore, StoredModel } from '../ports/model-store.js'
import type { PipelineTelemetry } from '../telemetry/pipeline-telemetry.js'
import { BASELINE, networkModel, type ActiveModel } from './active-model.js'
import { asConfigured } from './fits.js'
import type { PartitionRuntime } from './partition-runtime.js'
import { reasonOf, type Partitions } from './partitions.js'
import { serviceOf, sharesStates, type Service } from './service.js'

export interface IncumbentOptions {
  readonly models: ModelStore
  readonly engine: Engine
  readonly telemetry: PipelineTelemetry
  readonly partitions: () => Pick<Partitions, 'all'>
  /** Fires when the pipeline is being stopped. */
  readonly stopping: AbortSignal
  /** Another network needs other states: the pipeline is to be stopped and started again. */
  readonly relaunch: (() => void) | undefined
}

/** What forecasts in a pipeline, the baseline or a network, what it does under the configuration, and how another one comes in its place. */
export class Incumbent {
  model: ActiveModel = BASELINE
  service: Service
  /** Version that the store named when it was last asked; `null` while that is none. */
  champion: number | null = null

  constructor(
    /** As it is wanted; `service` says what of it can be had. */
    public configured: PipelineConfig,
    private readonly options: IncumbentOptions,
  ) {
    const stored = this.stored()
    const served = stored === null ? null : serviceOf(configured, stored.spec)
    this.service = served ?? { computed: configured, published: configured, complete: true }
  }

  /** Takes the champion into use where it can serve; before there are partitions. */
  async load(): Promise<void> {
    const { models, telemetry } = this.options
    const { configured, service } = this
    const stored = this.stored()
    const serves = stored !== null && serviceOf(configured, stored.spec) !== null
    this.model = await this.loaded(serves ? stored : null, service)
    telemetry.model({ version: this.model.version, cell: service.computed.model.cell, cause: 'loaded' })
    this.champion = models.champion(configured.name)
  }

  /** What could be done under another configuration with what is in use; `null`: it cannot go on. */
  under(config: PipelineConfig): Service | null {
    return serviceOf(config, this.model.network?.spec ?? null)
  }

  /**
   * Takes a network into use, or the baseline (`null`): its states are made while the present one serves, and each
   * partition changes over between two batches. A partition that is lost meanwhile does not keep the others from it.
   */
  async replace(
    stored: StoredModel | null,
    cause: 'promoted' | 'followed' | 'dropped',
    given?: AbortSignal,
  ): Promise<void> {
    const { models, telemetry, stopping, relaunch } = this.options
    const config = this.configured
    const service = serviceOf(config, stored?.spec ?? null)
    if (service === null) throw new Error('the network was made for another kind of series')
    const signal = given === undefined ? stopping : AbortSignal.any([given, stopping])
    const model = await this.loaded(stored, service)
    const version = stored?.version ?? null
    if (!sharesStates(service, this.service)) {
      model.network?.release()
      if (cause !== 'followed') await models.setChampion(config.name, version)
      this.champion = version
      relaunch?.()
      return
    }
    try {
      if (cause !== 'followed') await models.setChampion(config.name, version)
      await this.prepare(model, signal)
      signal.throwIfAborted()
    } catch (error) {
      await Promise.all(this.runtimes().map((runtime) => runtime.forgo()))
      model.network?.release()
      if (signal.aborted) return
      throw error
    }
    const before = this.model
    this.model = model
    this.service = service
    this.champion = version
    telemetry.model({ version: model.version, cell: service.computed.model.cell, cause })
    for (const runtime of this.runtimes()) {
      const { partition } = runtime.lease
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
      const runtime = this.runtimes().find((one) => !prepared.has(one))
      if (runtime === undefined || signal.aborted) return
      prepared.add(runtime)
      await runtime.prepare(model, signal)
    }
  }

  private async loaded(model: StoredModel | null, { computed }: Service): Promise<ActiveModel> {
    if (model === null) return BASELINE
    const network = await this.options.engine.load(asConfigured(model.spec, computed), model.weights)
    return networkModel(model.version, network, model.report.to)
  }

  /** The champion as it is stored. */
  private stored(): StoredModel | null {
    const { models } = this.options
    const { name } = this.configured
    const version = models.champion(name)
    return version === null ? null : models.get(name, version)
  }

  private runtimes(): readonly PartitionRuntime[] {
    return this.options.partitions().all()
  }
}
