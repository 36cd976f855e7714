import type { RejectReason } from '../core/decode.js'
import type { DriftAlarm } from '../core/drift.js'
import type { NamedReading } from '../core/named-reading.js'
import type { CellKind } from '../core/network-spec.js'
import type { Refusal, Verdict } from '../core/verdict.js'
import type { ReloadCause, ReloadOutcome } from '../ports/control/config.js'
import type { LiveAccuracy, LiveScores, PipelineStatus } from '../ports/control.js'
import type { BackendInfo } from '../ports/engine.js'
import type { JudgedScores } from '../ports/model-store.js'

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

export const TRAINING_STATES = ['off', 'waiting', 'running'] as const
export const TRAINING_FAILURES = ['too-little-data', 'nan-loss', 'aborted', 'timeout', 'crashed'] as const

export type TrainingEvent =
  | { readonly kind: 'training-state'; readonly state: (typeof TRAINING_STATES)[number] }
  | {
      readonly kind: 'training-started'
      readonly reason: string
      readonly observations: number
      readonly series: number
      readonly device: string
    }
  | {
      readonly kind: 'training-progress'
      readonly update: number
      readonly updates: number
      readonly etaSeconds: number
      readonly loss: number
      /** Global norm of the gradients, before and after clipping. */
      readonly gradientNorm: number
      readonly clippedNorm: number
      /** Share of the updates so far that were clipped. */
      readonly clippedShare: number
    }
  | {
      /** What gradients and activations do; see `GradientDynamics`. */
      readonly kind: 'training-dynamics'
      readonly saturated: number | null
      readonly dead: number | null
      readonly reach: number | null
    }
  | { readonly kind: 'training-advised'; readonly advice: string }
  | {
      readonly kind: 'set-aside'
      readonly version: number
      readonly published: LiveScores
      readonly baseline: LiveScores
      /** Time of the stream (ms) since which it has been behind. */
      readonly since: number
    }
  | {
      /** Weighted quantile loss of the network in the shadow over that of what publishes; `null` while there is none. */
      readonly kind: 'shadow-measured'
      readonly lossRatio: number | null
    }
  | {
      readonly kind: 'shadow-ended'
      readonly outcome: 'promoted' | 'refused'
      readonly version: number
      readonly why: Refusal | null
      readonly scores: JudgedScores
      readonly verdict: Verdict
    }
  | {
      /** The network that was set aside does better than the baseline again. */
      readonly kind: 'former-recovered'
      readonly outcome: 'promoted' | 'approved' | 'shadow'
      readonly version: number
      readonly scores: JudgedScores
      readonly verdict: Verdict
    }
  | { readonly kind: 'training-finished'; readonly seconds: number; readonly outcome: TrainingOutcome }

export type TrainingOutcome =
  | {
      readonly kind: 'promoted'
      readonly version: number
      readonly cell: CellKind
      readonly scores: JudgedScores
      readonly verdict: Verdict | null
    }
  | {
      /** `approved`: it may be promoted by hand, or runs in the shadow first. */
      readonly kind: 'refused' | 'approved'
      readonly version: number
      readonly reason: Refusal | 'by-hand' | 'in-shadow'
      readonly scores: JudgedScores
      readonly verdict: Verdict | null
    }
  | { readonly kind: 'failed'; readonly reason: (typeof TRAINING_FAILURES)[number]; readonly error: unknown }

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
