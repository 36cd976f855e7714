import type { PipelineConfig } from '../config/types.js'
import type { DriftAlarm } from '../core/drift.js'
import type { NetworkSpec } from '../core/network-spec.js'
import type { LiveScores } from '../ports/control.js'
import type { ShadowFigures } from '../ports/control/learning.js'
import type { StoredModel } from '../ports/model-store.js'
import type { Losses } from './behind.js'

/** What is needed of a pipeline for it to learn. */
export interface Trainable {
  readonly config: PipelineConfig
  /** 0 while the baseline forecasts. */
  readonly version: number
  /** False while a network is in use that was made for another configuration than is wanted. */
  readonly complete: boolean
  /** Whether a network is one for the configuration. */
  suits(spec: NetworkSpec): boolean
  /** Newest time stamp (ms) the network in use was trained on; `null` while the baseline forecasts. */
  readonly trainedTo: number | null
  readonly lag: number
  /** Of the processes that share the pipeline, this one trains: it owns partition 0. */
  readonly trainsHere: boolean
  /** The stream's own time, ms. */
  readonly newest: number
  observations(): { readonly longest: number; readonly total: number }
  drift(): { readonly score: number; readonly alarm: DriftAlarm | null }
  liveScores(): { readonly network: LiveScores; readonly baseline: LiveScores } | null
  /** Of what this process has scored since it started, and of the partitions that it owns. */
  losses(): Losses
  /** Resolves when it forecasts; when `signal` fires, it will from the next start on. */
  promote(model: StoredModel, signal?: AbortSignal): Promise<void>
  setAside(): Promise<void>
  /**
   * Lets a stored version run beside what publishes, on this process' partitions; called now and then. `null`: none.
   * @returns false where it does not fit the pipeline any more
   */
  shadow(version: number | null): Promise<boolean>
  /** `null` while nothing is compared. */
  shadowFigures(): ShadowFigures | null
  training: string
}
