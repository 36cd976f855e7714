import { REJECT_REASONS } from '../core/decode.js'
import type { LiveAccuracy, LiveScores } from '../ports/control.js'
import { BATCH_FAILURES, TRAINING_STATES } from './events.js'
import type { BatchSettled, PipelineEvent, RejectCounts, TrainingOutcome } from './events.js'
import type { Metrics } from './metrics.js'

type Source = 'published' | 'baseline'

/** One pipeline's metrics. Label values are looked up once, here, and not for every batch. */
export class PipelineMetrics {
  readonly #pipeline: string
  readonly #metrics: Metrics
  readonly #at
  readonly #partitions = new Map<number, ReturnType<typeof partitionMetrics>>()
  /** Partition → time of its last snapshot, or of its restore before there is one. */
  readonly #snapshots = new Map<number, number>()

  constructor(metrics: Metrics, pipeline: string) {
    this.#metrics = metrics
    this.#pipeline = pipeline
    this.#at = pipelineMetrics(metrics, pipeline)
  }

  /** @param now milliseconds since the epoch */
  record(event: PipelineEvent, now: number): void {
    const pipeline = this.#pipeline
    switch (event.kind) {
      case 'batch-settled':
        return this.#batch(event)
      case 'batch-failed':
        return this.#at.failures[event.reason].inc()
      case 'wave-stepped':
        this.#at.waveRows.observe(event.rows)
        return this.#at.stepSeconds.observe(event.seconds)
      case 'states-measured':
        this.#partition(event.partition).resident.set(event.resident)
        this.#partition(event.partition).spilled.set(event.spilled)
        return this.#at.stateBytes.set(event.bytesPerSeries)
      case 'snapshot-written':
        this.#snapshots.set(event.partition, now)
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
      case 'records-lost':
        return this.#at.lost.inc(event.records)
      case 'model-changed':
        return this.#at.modelVersion.set(event.version)
      case 'accuracy-measured':
        return this.#accuracy(event.accuracy)
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

  #accuracy({ network, baseline, horizons }: LiveAccuracy): void {
    this.#scores('published', network)
    this.#scores('baseline', baseline)
    for (const { steps, network: ours, baseline: theirs } of horizons) {
      this.#horizonScores('published', steps, ours)
      this.#horizonScores('baseline', steps, theirs)
    }
  }

  #scores(source: Source, { mase, smape, wql, coverage, bias, logLoss, accuracy }: LiveScores): void {
    const labels = { pipeline: this.#pipeline, source }
    if (smape !== null) this.#metrics.smape.set(labels, smape)
    if (bias !== null) this.#metrics.bias.set(labels, bias)
    if (logLoss !== undefined) this.#metrics.logLoss.set(labels, logLoss)
    if (accuracy !== undefined) this.#metrics.symbolAccuracy.set(labels, accuracy)
    if (mase !== null) this.#metrics.mase.set(labels, mase)
    if (wql !== null) this.#metrics.wql.set(labels, wql)
    if (coverage !== null) this.#metrics.coverage.set(labels, coverage)
  }

  #horizonScores(source: Source, steps: string, { mase, smape, wql, coverage, bias }: LiveScores): void {
    const labels = { pipeline: this.#pipeline, source, steps }
    if (mase !== null) this.#metrics.horizonMase.set(labels, mase)
    if (smape !== null) this.#metrics.horizonSmape.set(labels, smape)
    if (wql !== null) this.#metrics.horizonWql.set(labels, wql)
    if (coverage !== null) this.#metrics.horizonCoverage.set(labels, coverage)
    if (bias !== null) this.#metrics.horizonBias.set(labels, bias)
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

function pipelineMetrics(metrics: Metrics, pipeline: string) {
  return {
    records: metrics.recordsConsumed.labels({ pipeline }),
    accepted: metrics.observationsAccepted.labels({ pipeline }),
    // Present from the start, at 0: a counter that appears with its first increment hides that increment from rate().
    rejected: each(REJECT_REASONS, (reason) => {
      const child = metrics.recordsRejected.labels({ pipeline, reason })
      child.inc(0)
      return child
    }),
    failures: each(BATCH_FAILURES, (reason) => {
      const child = metrics.batchFailures.labels({ pipeline, reason })
      child.inc(0)
      return child
    }),
    network: metrics.forecasts.labels({ pipeline, source: 'network' }),
    baseline: metrics.forecasts.labels({ pipeline, source: 'baseline' }),
    lost: metrics.recordsLost.labels({ pipeline }),
    masked: metrics.maskedSteps.labels({ pipeline }),
    tombstones: metrics.tombstones.labels({ pipeline }),
    newSeries: metrics.newSeries.labels({ pipeline }),
    forgotten: metrics.forgottenSeries.labels({ pipeline }),
    resets: metrics.resets.labels({ pipeline }),
    anomalies: metrics.anomalies.labels({ pipeline }),
    batchRecords: metrics.batchRecords.labels({ pipeline }),
    batchSeconds: metrics.batchSeconds.labels({ pipeline }),
    latency: metrics.latency.labels({ pipeline }),
    waveRows: metrics.waveRows.labels({ pipeline }),
    stepSeconds: metrics.stepSeconds.labels({ pipeline }),
    stateBytes: metrics.stateBytes.labels({ pipeline }),
    snapshotRows: metrics.snapshotRows.labels({ pipeline }),
    snapshotBytes: metrics.snapshotBytes.labels({ pipeline }),
    snapshotSeconds: metrics.snapshotSeconds.labels({ pipeline }),
    restoreReplayed: metrics.restoreReplayed.labels({ pipeline }),
    driftAlarms: metrics.driftAlarms.labels({ pipeline }),
    driftScore: metrics.driftScore.labels({ pipeline }),
    setAside: metrics.setAside.labels({ pipeline }),
    shadowLoss: metrics.shadowLoss.labels({ pipeline }),
    modelVersion: metrics.modelVersion.labels({ pipeline }),
    trainingUpdate: metrics.trainingUpdate.labels({ pipeline }),
    trainingWanted: metrics.trainingWanted.labels({ pipeline }),
    trainingEta: metrics.trainingEta.labels({ pipeline }),
    trainingLoss: metrics.trainingLoss.labels({ pipeline }),
    rawNorm: metrics.gradientNorm.labels({ pipeline, stage: 'raw' }),
    clippedNorm: metrics.gradientNorm.labels({ pipeline, stage: 'clipped' }),
    clippedShare: metrics.clippedShare.labels({ pipeline }),
    trainingSeconds: metrics.trainingSeconds.labels({ pipeline }),
  }
}

function partitionMetrics(metrics: Metrics, pipeline: string, partition: string) {
  return {
    lag: metrics.lag.labels({ pipeline, partition }),
    resident: metrics.seriesResident.labels({ pipeline, partition }),
    spilled: metrics.seriesSpilled.labels({ pipeline, partition }),
    snapshotAge: metrics.snapshotAge.labels({ pipeline, partition }),
    restoreSeconds: metrics.restoreSeconds.labels({ pipeline, partition }),
  }
}

function each<K extends string, V>(keys: readonly K[], make: (key: K) => V): Readonly<Record<K, V>> {
  return Object.fromEntries(keys.map((key) => [key, make(key)])) as Record<K, V>
}
