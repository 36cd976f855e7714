import type { Clock } from '../ports/clock.js'
import type {
  AccuracyMeasured,
  BatchFailed,
  BatchSettled,
  CovariatesRead,
  DriftDetected,
  DriftMeasured,
  HoldingsMeasured,
  ModelChanged,
  PartitionRestored,
  PhaseMeasured,
  PipelineEvent,
  RecordsLost,
  SeriesRead,
  SnapshotWritten,
  StatesMeasured,
  TopicReplaced,
} from './events.js'
import type { TrainingEvent } from './training-events.js'
import { logLine } from './log-line.js'
import type { Logger } from './logger.js'
import type { Loggers } from './loggers.js'
import type { Metrics } from './metrics.js'
import { PipelineMetrics } from './pipeline-metrics.js'
import { RejectLog } from './reject-log.js'

type Fields<E> = Omit<E, 'kind'>

/** One pipeline's view of the telemetry: each call is one event, which drives metrics and log together. */
export class PipelineTelemetry {
  readonly logger: Logger
  readonly trainingLogger: Logger
  readonly #metrics: PipelineMetrics
  readonly #clock: Clock
  #trouble: string | null | undefined
  readonly #rejects = new RejectLog()

  constructor(pipeline: string, metrics: Metrics, loggers: Loggers, clock: Clock) {
    this.logger = loggers.of('pipelines', { pipeline })
    this.trainingLogger = loggers.of('training', { pipeline })
    this.#metrics = new PipelineMetrics(metrics, pipeline)
    this.#clock = clock
  }

  batch(fields: Fields<BatchSettled>): void {
    this.#emit({ kind: 'batch-settled', ...fields })
    const due = this.#rejects.add(fields.rejected, this.#clock.now())
    if (due !== null) this.logger.warn({ rejected: due }, 'records rejected')
  }

  batchFailed(fields: Fields<BatchFailed>): void {
    this.#emit({ kind: 'batch-failed', ...fields })
  }

  /** Tells only of changes. */
  trouble(trouble: string | null): void {
    if (trouble === this.#trouble) return
    this.#trouble = trouble
    this.#emit({ kind: 'broker-trouble', trouble })
  }

  lost(fields: Fields<RecordsLost>): void {
    this.#emit({ kind: 'records-lost', ...fields })
  }

  covariates(fields: Fields<CovariatesRead>): void {
    this.#emit({ kind: 'covariates-read', ...fields })
  }

  step(rows: number, seconds: number): void {
    this.#emit({ kind: 'wave-stepped', rows, seconds })
  }

  states(fields: Fields<StatesMeasured>): void {
    this.#emit({ kind: 'states-measured', ...fields })
  }

  snapshot(fields: Fields<SnapshotWritten>): void {
    this.#emit({ kind: 'snapshot-written', ...fields })
  }

  restored(fields: Fields<PartitionRestored>): void {
    this.#emit({ kind: 'partition-restored', ...fields })
  }

  topicReplaced(fields: Fields<TopicReplaced>): void {
    this.#emit({ kind: 'topic-replaced', ...fields })
  }

  model(fields: Fields<ModelChanged>): void {
    this.#emit({ kind: 'model-changed', ...fields })
  }

  phase(phase: PhaseMeasured['phase']): void {
    this.#emit({ kind: 'phase-measured', phase })
  }

  /** What else there were metrics of is gone. */
  holdings(fields: Fields<HoldingsMeasured>): void {
    this.#emit({ kind: 'holdings-measured', ...fields })
  }

  named(fields: Fields<SeriesRead>): void {
    this.#emit({ kind: 'series-read', ...fields })
  }

  accuracy(fields: Fields<AccuracyMeasured>): void {
    this.#emit({ kind: 'accuracy-measured', ...fields })
  }

  drift(fields: Fields<DriftDetected>): void {
    this.#emit({ kind: 'drift-detected', ...fields })
  }

  driftScore(fields: Fields<DriftMeasured>): void {
    this.#emit({ kind: 'drift-measured', ...fields })
  }

  training(event: TrainingEvent): void {
    this.#emit(event, this.trainingLogger)
  }

  /** Called before the metrics are read. */
  updateAges(): void {
    this.#metrics.updateAges(this.#clock.now())
  }

  #emit(event: PipelineEvent, logger = this.logger): void {
    this.#metrics.record(event, this.#clock.now())
    const line = logLine(event)
    if (line !== null) logger[line.level](line.fields, line.message)
  }
}
