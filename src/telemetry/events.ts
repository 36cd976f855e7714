import type { RejectReason } from '../core/decode.js'
import type { DriftAlarm } from '../core/drift.js'
import type { NamedReading } from '../core/named-reading.js'
import type { CellKind } from '../core/network-spec.js'
import type { ReloadCause, ReloadOutcome } from '../ports/control/config.js'
import type { LiveAccuracy, PipelineStatus } from '../ports/control.js'
import type { BackendInfo } from '../ports/engine.js'
import type { TrainingEvent } from './training-events.js'

/**
 * What happens inside, typed. Each event drives its metrics and its log line together, so that the two never disagree.
 * Nothing here is per record: the hot path reports a batch or a wave at a time.
 */
export type PipelineEvent =
  | BatchSettled
  | BatchFailed
  | WaveStepped
  | StatesMeasured
  | SnapshotWritten
  | PartitionRestored
  | TopicReplaced
  | ModelChanged
  | PhaseMeasured
  | HoldingsMeasured
  | SeriesRead
  | AccuracyMeasured
  | DriftDetected
  | DriftMeasured
  | BrokerTrouble
  | RecordsLost
  | CovariatesRead
  | TrainingEvent

export type ProcessEvent = EngineStarted | HttpAnswered | ConfigLoaded | ConfigDrifted | ConfigReloaded

export type RejectCounts = Readonly<Partial<Record<RejectReason, number>>>

export interface BatchSettled {
  readonly kind: 'batch-settled'
  readonly partition: number
  readonly records: number
  readonly accepted: number
  readonly rejected: RejectCounts
  /** Records without a value. */
  readonly tombstones: number
  readonly newSeries: number
  /** Series that were idle for too long. */
  readonly forgotten: number
  readonly forecasts: { readonly network: number; readonly baseline: number }
  /** Steps over missing observations. */
  readonly masked: number
  /** Series that started anew after a gap too long to step over. */
  readonly resets: number
  /** Observations far outside what was forecast of them. */
  readonly anomalies: number
  /** From the batch's arrival to its settlement. */
  readonly seconds: number
  /** From the time stamp of the batch's oldest record to its settlement. */
  readonly latencySeconds: number
  /** Records behind the end of the partition. */
  readonly lag: number
}

export const BATCH_FAILURES = ['broker', 'registry', 'engine', 'internal'] as const

export interface BatchFailed {
  readonly kind: 'batch-failed'
  readonly partition: number
  readonly reason: (typeof BATCH_FAILURES)[number]
  readonly error: unknown
}

export interface WaveStepped {
  readonly kind: 'wave-stepped'
  readonly rows: number
  readonly seconds: number
}

export interface StatesMeasured {
  readonly kind: 'states-measured'
  readonly partition: number
  /** Records that are not settled. */
  readonly lag: number
  readonly resident: number
  readonly spilled: number
  /** Of the resident ones. */
  readonly stale: number
  readonly bytesPerSeries: number
}

/** A look at the topic of covariates that are known ahead. */
export interface CovariatesRead {
  readonly kind: 'covariates-read'
  readonly used: number
  /** Records that could not be used. */
  readonly unused: number
  /** Grid steps in memory. */
  readonly kept: number
}

export interface SnapshotWritten {
  readonly kind: 'snapshot-written'
  readonly partition: number
  readonly rows: number
  readonly bytes: number
  readonly seconds: number
}

export interface PartitionRestored {
  readonly kind: 'partition-restored'
  readonly partition: number
  readonly series: number
  readonly replayed: number
  readonly seconds: number
}

/** The input topic was deleted and made anew. */
export interface TopicReplaced {
  readonly kind: 'topic-replaced'
  readonly partition: number
  readonly topic: string
}

export interface ModelChanged {
  readonly kind: 'model-changed'
  /** 0 = the baseline. */
  readonly version: number
  readonly cell: CellKind
  readonly cause: 'loaded' | 'promoted' | 'followed' | 'dropped'
}

/** Emitted when it changes. */
export interface BrokerTrouble {
  readonly kind: 'broker-trouble'
  /** What is in the way, in words; `null`: nothing any more. */
  readonly trouble: string | null
}

/** Deleted by the broker, by retention or by somebody, before this group had consumed them. */
export interface RecordsLost {
  readonly kind: 'records-lost'
  readonly partition: number
  readonly records: number
}

export const PHASES = ['starting', 'restoring', 'running', 'paused', 'failed'] as const

export interface PhaseMeasured {
  readonly kind: 'phase-measured'
  readonly phase: PipelineStatus['phase']
}

/** All that this process has of the pipeline now: the rest has gone elsewhere, or is no more. */
export interface HoldingsMeasured {
  readonly kind: 'holdings-measured'
  readonly partitions: readonly number[]
  /** Of those that metrics are kept of. */
  readonly series: readonly string[]
}

/** Something has come of a series that metrics are kept of. */
export interface SeriesRead extends NamedReading {
  readonly kind: 'series-read'
}

export interface AccuracyMeasured {
  readonly kind: 'accuracy-measured'
  /** `null`: nothing could be scored yet. */
  readonly accuracy: LiveAccuracy | null
  /** Share of targets that belongs inside the outermost interval, 0–1; `null` of symbols. */
  readonly nominal: number | null
}

/** The network's forecasts have become biased. */
export interface DriftDetected extends DriftAlarm {
  readonly kind: 'drift-detected'
  readonly partition: number
}

export interface DriftMeasured {
  readonly kind: 'drift-measured'
  /** Of the partition nearest to an alarm: 1 = an alarm. */
  readonly score: number
}

export interface EngineStarted {
  readonly kind: 'engine-started'
  readonly backend: BackendInfo
}

export interface HttpAnswered {
  readonly kind: 'http-answered'
  /** As in the answer. */
  readonly requestId: string
  readonly method: string
  /** The route's pattern, never the path asked for: that has no bound. */
  readonly route: string
  readonly status: number
  readonly seconds: number
}

/** The configuration that the process starts with. */
export interface ConfigLoaded {
  readonly kind: 'config-loaded'
  readonly hash: string
}

/** Emitted when it changes. */
export interface ConfigDrifted {
  readonly kind: 'config-drifted'
  /** The files say something else than what runs. */
  readonly drift: boolean
}

export interface ConfigReloaded {
  readonly kind: 'config-reloaded'
  readonly cause: ReloadCause
  readonly outcome: ReloadOutcome
  readonly seconds: number
  /** Of the configuration that runs now. */
  readonly hash: string
}
