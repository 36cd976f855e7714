import { isDeepStrictEqual } from 'node:util'
import type { PipelineConfig } from '../config/types.js'
import type { KnownAhead } from '../core/known-ahead.js'
import type { Broker } from '../ports/broker.js'
import type { Clock } from '../ports/clock.js'
import type { PipelineTelemetry } from '../telemetry/pipeline-telemetry.js'
import { CovariateTopic } from './covariate-topic.js'

export interface ForesightOptions {
  readonly broker: Pick<Broker, 'describe' | 'read'>
  readonly clock: Clock
  readonly telemetry: Pick<PipelineTelemetry, 'logger' | 'covariates'>
}

/** What a pipeline's partitions know of covariates of the steps to come: one table, read before they begin and looked after since. */
export class Foresight {
  private topic: CovariateTopic | null = null
  private of: PipelineConfig['futureCovariates'] | undefined
  private looked = -Infinity
  private failing = false

  constructor(private readonly options: ForesightOptions) {}

  /** `null` where nothing is known ahead. */
  get table(): KnownAhead | null {
    return this.topic?.table ?? null
  }

  /** To be awaited before a partition is restored: reads the topic to its end. Rejects with `BrokerError`. */
  async begin(config: PipelineConfig): Promise<void> {
    if (!isDeepStrictEqual(this.of, config.futureCovariates)) {
      this.of = config.futureCovariates
      this.topic = CovariateTopic.of(this.options.broker, config)
    }
    await this.topic?.refresh()
    this.tell()
  }

  /**
   * Before a batch: reads what has come since, where it is time. A topic that cannot be read now keeps no batch from its
   * forecasts: they are made with what is known.
   */
  look(): Promise<void> | undefined {
    const { topic, of } = this
    if (topic === null || of === undefined) return undefined
    const now = this.options.clock.now()
    if (now - this.looked < of.refreshEvery) return undefined
    this.looked = now
    return topic.refresh().then(
      () => {
        this.tell()
      },
      (error: unknown) => {
        const { logger } = this.options.telemetry
        if (!this.failing)
          logger.warn({ err: error }, 'covariates known ahead could not be read; going on without')
        this.failing = true
      },
    )
  }

  private tell(): void {
    const { topic, failing } = this
    if (topic === null) return
    const { telemetry } = this.options
    telemetry.covariates({ ...topic.readings(), kept: topic.table.size })
    if (!topic.there && !failing)
      telemetry.logger.warn(
        { topic: this.of?.topic },
        'there is no topic of covariates known ahead, or an ACL does not allow this user to read it; going on without',
      )
    this.failing = !topic.there
  }
}
