import type { PipelineConfig } from '../config/types.js'
import type { BrokerPlace } from '../ports/broker-place.js'
import type { RegistryPlace } from '../ports/schema-registry.js'
import type { TrainingErrorCode } from './error.js'
import type { TrainingProgress } from './progress.js'
import type { ChampionNetwork, TrainingResult } from './train.js'

/** What the trainer process is asked to do: one training, then it ends. */
export interface TrainingJob {
  readonly config: PipelineConfig
  /** Where the records are. */
  readonly log: BrokerPlace
  /** Where the schemas of their values are; `null` where none is configured. */
  readonly registry: RegistryPlace | null
  readonly backend: 'auto' | 'tensorflow' | 'wasm' | 'cpu'
  /** ms; only younger records are trained on. */
  readonly from: number | null
  /** By series: only records before this time stamp (ms); a series not named is taken whole. */
  readonly until: readonly (readonly [string, number])[]
  /** At most so many of the latest records; absent or 0: all. */
  readonly maxRecords?: number
  /** The network in office, or the one that was set aside; absent where there is none. */
  readonly champion?: ChampionNetwork
  /** ms; what is judged by is later. Default: what the champion has been trained on. */
  readonly since?: number
}

export type TrainerReply =
  | {
      readonly kind: 'started'
      readonly observations: number
      readonly series: number
      readonly device: string
    }
  | { readonly kind: 'progress'; readonly progress: TrainingProgress }
  | { readonly kind: 'trained'; readonly result: TrainingResult }
  | { readonly kind: 'failed'; readonly reason: TrainingErrorCode | 'crashed'; readonly message: string }

/** Runs a job in a process of its own. Rejects with `TrainerFailure`; aborting the signal ends the process. */
export type LaunchTrainer = (
  job: TrainingJob,
  listen: (reply: Extract<TrainerReply, { kind: 'started' | 'progress' }>) => void,
  signal: AbortSignal,
) => Promise<TrainingResult>

export class TrainerFailure extends Error {
  override readonly name = 'TrainerFailure'
  constructor(
    readonly reason: TrainingErrorCode | 'crashed' | 'timeout' | 'aborted',
    message: string,
  ) {
    super(message)
  }
}
