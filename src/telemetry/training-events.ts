import type { CellKind } from '../core/network-spec.js'
import type { Refusal, Verdict } from '../core/verdict.js'
import type { LiveScores } from '../ports/control.js'
import type { JudgedScores } from '../ports/model-store.js'

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
