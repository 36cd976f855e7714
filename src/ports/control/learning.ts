import type { DriftAlarm } from '../../core/drift.js'
import type { Decision, GradientDynamics, TrainingReport } from '../model-store.js'

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
  /** What the next training waits for; `null` while one runs, or where none is due by itself. */
  readonly nextDue: { readonly observations?: number; readonly at?: string } | null
  /** Newest last. */
  readonly decisions: readonly Decision[]
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
