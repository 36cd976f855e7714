import { REJECT_REASONS } from '../core/decode.js'
import { AccuracyMetrics } from './accuracy-metrics.js'
import { PHASES } from './events.js'
import { TRAINING_STATES } from './training-events.js'
import type { BatchSettled, HoldingsMeasured, PipelineEvent, RejectCounts } from './events.js'
import type { TrainingOutcome } from './training-events.js'
import type { Metrics } from './metrics.js'
import { ofPartition, partitionMetrics, pipelineMetrics } from './pipeline-children.js'
import { SeriesMetrics } from './series-metrics.js'

/** One pipeline's metrics. Label values are looked up once, here, and not for every batch. */
export class PipelineMetrics {
  readonly #pipeline: string
  readonly #metrics: Metrics
  readonly #at
  readonly #partitions = new Map<number, ReturnType<typeof partitionMetrics>>()
  /** Partition → time of its last snapshot, or of its restore before there is one. */
  readonly #snapshots = new Map<number, number>()
  /** Partition → when the first batch was settled that its last snapshot does not hold. */
  readonly #pending = new Map<number, number>()
  readonly #accuracy: AccuracyMetrics
  readonly #series: SeriesMetrics

  constructor(metrics: Metrics, pipeline: string) {
    this.#metrics = metrics
    this.#pipeline = pipeline
    this.#at = pipelineMetrics(metrics, pipeline)
    this.#accuracy = new AccuracyMetrics(metrics, pipeline)
    this.#series = new SeriesMetrics(metrics, pipeline)
  }

  /** @param now milliseconds since the epoch */
  record(event: PipelineEvent, now: number): void {
    const pipeline = this.#pipeline
    switch (event.kind) {
      case 'batch-settled':
        if (!this.#pending.has(event.partition)) this.#pending.set(event.partition, now)
        return this.#batch(event)
      case 'batch-failed':
        return this.#at.failures[event.reason].inc()
      case 'wave-stepped':
        this.#at.waveRows.observe(event.rows)
        return this.#at.stepSeconds.observe(event.seconds)
      case 'states-measured':
        this.#partition(event.partition).lag.set(event.lag)
        this.#partition(event.partition).resident.set(event.resident)
        this.#partition(event.partition).spilled.set(event.spilled)
        this.#partition(event.partition).stale.set(event.stale)
        return this.#at.stateBytes.set(event.bytesPerSeries)
      case 'phase-measured':
        for (const state of PHASES)
          this.#metrics.pipelineState.set({ pipeline, state }, state === event.phase ? 1 : 0)
        return
      case 'holdings-measured':
        return this.#keep(event)
      case 'series-read':
        return this.#series.read(event)
      case 'snapshot-written':
        this.#snapshots.set(event.partition, now)
        this.#pending.delete(event.partition)
        this.#at.snapshotRows.inc(event.rows)
        this.#at.snapshotBytes.inc(event.bytes)
        return this.#at.snapshotSeconds.observe(event.seconds)
      case 'partition-restored':
        this.#snapshots.set(event.partition, now)
        this.#partition(event.partition).restoreSeconds.set(event.seconds)
        return this.#at.restoreReplayed.inc(event.replayed)
      case 'broker-trouble':
        return this.#metrics.brokerTrouble.set({ pipeline: this.#pipeline }, event.trouble === null ? 0 : 1)
      case 'topic-replaced':
        return // the log tells of it
      case 'covariates-read':
        this.#at.covariatesTold.inc(event.used)
        this.#at.covariatesUnused.inc(event.unused)
        return this.#at.covariatesKept.set(event.kept)
      case 'records-lost':
        return this.#at.lost.inc(event.records)
      case 'model-changed':
        return this.#at.modelVersion.set(event.version)
      case 'accuracy-measured':
        return this.#accuracy.measured(event)
      case 'drift-detected':
        return this.#at.driftAlarms.inc()
      case 'drift-measured':
        return this.#at.driftScore.set(event.score)
      case 'set-aside':
        return this.#at.setAside.inc()
      case 'shadow-measured':
        return this.#at.shadowLoss.set(event.lossRatio ?? NaN)
      case 'shadow-ended':
        return this.#metrics.shadowOutcomes.inc({
          pipeline: this.#pipeline,
          outcome: event.outcome,
          reason: event.why ?? 'better',
        })
      case 'training-state':
        return this.#trainingState(event.state)
      case 'training-started':
        return this.#trainingState('running')
      case 'training-progress':
        this.#at.trainingUpdate.set(event.update)
        this.#at.trainingWanted.set(event.updates)
        this.#at.trainingEta.set(event.etaSeconds)
        this.#at.trainingLoss.set(event.loss)
        this.#at.rawNorm.set(event.gradientNorm)
        this.#at.clippedNorm.set(event.clippedNorm)
        return this.#at.clippedShare.set(event.clippedShare)
      case 'training-dynamics':
        if (event.saturated !== null) this.#metrics.saturatedShare.set({ pipeline }, event.saturated)
        if (event.dead !== null) this.#metrics.deadShare.set({ pipeline }, event.dead)
        return this.#metrics.gradientReach.set({ pipeline }, event.reach ?? Infinity)
      case 'training-advised':
      case 'former-recovered':
        return
      case 'training-finished':
        this.#trainingState('waiting')
        this.#at.trainingEta.set(0)
        this.#at.trainingSeconds.observe(event.seconds)
        return this.#outcome(event.outcome)
    }
  }

  /** An age changes without any event, so it is worked out when somebody looks. */
  updateAges(now: number): void {
    for (const [partition, at] of this.#snapshots) {
      this.#partition(partition).snapshotAge.set((now - at) / 1000)
      const pending = now - (this.#pending.get(partition) ?? now)
      this.#partition(partition).snapshotPending.set(pending / 1000)
    }
  }

  /** What has moved to another process, or has been stopped, is not to be told of any longer: alerts would go by it. */
  #keep({ partitions, series }: HoldingsMeasured): void {
    const pipeline = this.#pipeline
    this.#series.keep(series)
    for (const partition of [...this.#partitions.keys()]) {
      if (partitions.includes(partition)) continue
      for (const held of [this.#partitions, this.#snapshots, this.#pending]) held.delete(partition)
      for (const metric of ofPartition(this.#metrics)) metric.remove({ pipeline, partition })
    }
  }

  #batch(event: BatchSettled): void {
    const at = this.#at
    at.records.inc(event.records)
    at.accepted.inc(event.accepted)
    at.network.inc(event.forecasts.network)
    at.baseline.inc(event.forecasts.baseline)
    at.masked.inc(event.masked)
    at.resets.inc(event.resets)
    at.anomalies.inc(event.anomalies)
    at.tombstones.inc(event.tombstones)
    at.newSeries.inc(event.newSeries)
    at.forgotten.inc(event.forgotten)
    at.batchRecords.observe(event.records)
    at.batchSeconds.observe(event.seconds)
    at.latency.observe(event.latencySeconds)
    this.#rejected(event.rejected)
    this.#partition(event.partition).lag.set(event.lag)
  }

  #rejected(counts: RejectCounts): void {
    for (const reason of REJECT_REASONS) {
      const count = counts[reason]
      if (count !== undefined && count > 0) this.#at.rejected[reason].inc(count)
    }
  }

  #trainingState(present: (typeof TRAINING_STATES)[number]): void {
    for (const state of TRAINING_STATES) {
      this.#metrics.trainingState.set({ pipeline: this.#pipeline, state }, state === present ? 1 : 0)
    }
  }

  #outcome(outcome: TrainingOutcome): void {
    const reason = outcome.kind === 'promoted' ? 'better' : outcome.reason
    this.#metrics.trainingOutcomes.inc({ pipeline: this.#pipeline, outcome: outcome.kind, reason })
  }

  #partition(partition: number) {
    let found = this.#partitions.get(partition)
    if (found === undefined) {
      found = partitionMetrics(this.#metrics, this.#pipeline, String(partition))
      this.#partitions.set(partition, found)
    }
    return found
  }
}
