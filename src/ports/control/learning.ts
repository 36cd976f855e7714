import type { DriftAlarm } from '../../core/drift.js'
import type { Decision, GradientDynamics, JudgedScores, Scores, TrainingReport } from '../model-store.js'

/** What the outside sees of a pipeline's learning, and asks of it. */
export interface LearningControl {
  /** `undefined`: no such pipeline. */
  learning(pipeline: string): LearningStatus | undefined
  /** Asks for a training by hand. `undefined`: no such pipeline. */
  train(pipeline: string, note: string): TrainOutcome | undefined
}

export type TrainOutcome =
  /** It begins as soon as no other training runs. */
  | { readonly kind: 'queued' }
  | { readonly kind: 'running' }
  /** Training is off, or another process of the group trains. */
  | { readonly kind: 'not-here'; readonly why: string }

export interface LearningStatus {
  readonly state: 'off' | 'waiting' | 'running'
  /** Why the present training runs, or the last one ran; `null` before the first. */
  readonly reason: string | null
  /** What it does or waits for, in words. */
  readonly text: string
  readonly progress: LearningProgress | null
  /** [update, training loss, gradient norm before clipping] of the present training so far, or of the last network. */
  readonly curve: TrainingReport['curve']
  /** What gradients and activations do, as last measured; `null` where they have not been. */
  readonly gradient: GradientDynamics | null
  readonly drift: {
    /** 1 = an alarm. */
    readonly score: number
    readonly alarm: DriftAlarm | null
  }
  /** The network that runs in the shadow of the one in use; `null` where there is none. */
  readonly shadow: ShadowStatus | null
  /** What the next training waits for; `null` while one runs, or where none is due by itself. */
  readonly nextDue: { readonly observations?: number; readonly at?: string } | null
  /** Newest last. */
  readonly decisions: readonly Decision[]
}

/** A network that runs beside the one in use, unpublished, and what both have scored since it began. */
export interface ShadowFigures {
  readonly version: number
  /** Version of what publishes; 0 = the baseline. */
  readonly against: number
  /** Time of the stream at which it began, ms. */
  readonly since: number
  readonly candidate: DailyFigures
  /** `null` while the baseline publishes. */
  readonly champion: DailyFigures | null
  readonly baseline: DailyFigures
}

/** What one forecaster scored, day by day. A day is a short season. */
export interface DailyFigures {
  /** By day: sum of the quantile losses of all targets that came in it. Equal in length for all that are compared. */
  readonly losses: readonly number[]
  readonly scores: Scores
}

export interface ShadowStatus {
  readonly version: number
  readonly against: number
  readonly since: string
  /** When it is decided about, in the time of the stream; later where there are too few days to compare. */
  readonly until: string
  readonly days: number
  readonly scores: JudgedScores
}

export interface LearningProgress {
  readonly update: number
  readonly updates: number
  readonly loss: number
  readonly gradientNorm: number
  readonly clippedNorm: number
  /** Share of the updates so far that were clipped. */
  readonly clippedShare: number
  readonly etaSeconds: number
}
