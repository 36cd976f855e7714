import type { Counter } from 'prom-client'
import { REJECT_REASONS } from '../core/decode.js'
import { REFUSALS } from '../core/verdict.js'
import { BATCH_FAILURES } from './events.js'
import { TRAINING_FAILURES } from './training-events.js'
import type { Metrics } from './metrics.js'

/** A pipeline's metrics, label values looked up. */
export function pipelineMetrics(metrics: Metrics, pipeline: string) {
  started(metrics.trainingOutcomes, { pipeline, outcome: 'promoted', reason: 'better' })
  for (const reason of REFUSALS) started(metrics.trainingOutcomes, { pipeline, outcome: 'refused', reason })
  started(metrics.shadowOutcomes, { pipeline, outcome: 'promoted', reason: 'better' })
  for (const reason of REFUSALS) started(metrics.shadowOutcomes, { pipeline, outcome: 'refused', reason })
  for (const reason of TRAINING_FAILURES) {
    started(metrics.trainingOutcomes, { pipeline, outcome: 'failed', reason })
  }
  return {
    records: started(metrics.recordsConsumed, { pipeline }),
    accepted: started(metrics.observationsAccepted, { pipeline }),
    rejected: each(REJECT_REASONS, (reason) => started(metrics.recordsRejected, { pipeline, reason })),
    failures: each(BATCH_FAILURES, (reason) => started(metrics.batchFailures, { pipeline, reason })),
    network: started(metrics.forecasts, { pipeline, source: 'network' }),
    baseline: started(metrics.forecasts, { pipeline, source: 'baseline' }),
    lost: started(metrics.recordsLost, { pipeline }),
    covariatesTold: started(metrics.covariatesTold, { pipeline }),
    covariatesUnused: started(metrics.covariatesUnused, { pipeline }),
    covariatesKept: metrics.covariatesKept.labels({ pipeline }),
    masked: started(metrics.maskedSteps, { pipeline }),
    tombstones: started(metrics.tombstones, { pipeline }),
    newSeries: started(metrics.newSeries, { pipeline }),
    forgotten: started(metrics.forgottenSeries, { pipeline }),
    resets: started(metrics.resets, { pipeline }),
    anomalies: started(metrics.anomalies, { pipeline }),
    batchRecords: metrics.batchRecords.labels({ pipeline }),
    batchSeconds: metrics.batchSeconds.labels({ pipeline }),
    latency: metrics.latency.labels({ pipeline }),
    waveRows: metrics.waveRows.labels({ pipeline }),
    stepSeconds: metrics.stepSeconds.labels({ pipeline }),
    stateBytes: metrics.stateBytes.labels({ pipeline }),
    snapshotRows: started(metrics.snapshotRows, { pipeline }),
    snapshotBytes: started(metrics.snapshotBytes, { pipeline }),
    snapshotSeconds: metrics.snapshotSeconds.labels({ pipeline }),
    restoreReplayed: started(metrics.restoreReplayed, { pipeline }),
    driftAlarms: started(metrics.driftAlarms, { pipeline }),
    driftScore: metrics.driftScore.labels({ pipeline }),
    setAside: started(metrics.setAside, { pipeline }),
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

export function partitionMetrics(metrics: Metrics, pipeline: string, partition: string) {
  return {
    lag: metrics.lag.labels({ pipeline, partition }),
    resident: metrics.seriesResident.labels({ pipeline, partition }),
    spilled: metrics.seriesSpilled.labels({ pipeline, partition }),
    stale: metrics.seriesStale.labels({ pipeline, partition }),
    snapshotAge: metrics.snapshotAge.labels({ pipeline, partition }),
    snapshotPending: metrics.snapshotPending.labels({ pipeline, partition }),
    restoreSeconds: metrics.restoreSeconds.labels({ pipeline, partition }),
  }
}

/** All that have a partition. */
export function ofPartition(metrics: Metrics) {
  const { lag, seriesResident, seriesSpilled, seriesStale, snapshotAge, snapshotPending, restoreSeconds } =
    metrics
  return [lag, seriesResident, seriesSpilled, seriesStale, snapshotAge, snapshotPending, restoreSeconds]
}

/** At 0 from the start: a counter that appears with its first increment hides that increment from rate(). */
function started<L extends string>(counter: Counter<L>, labels: Record<L, string>): Counter.Internal {
  const child = counter.labels(labels)
  child.inc(0)
  return child
}

function each<K extends string, V>(keys: readonly K[], make: (key: K) => V): Readonly<Record<K, V>> {
  return Object.fromEntries(keys.map((key) => [key, make(key)])) as Record<K, V>
}
