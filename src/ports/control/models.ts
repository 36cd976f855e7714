import type { StoredModel } from '../model-store.js'

/** What the outside sees of the networks of pipelines, and does with them. */
export interface ModelsControl {
  /** `undefined`: no such pipeline. */
  models(pipeline: string): PipelineModels | undefined
}

/** The networks of one pipeline. What cannot be done rejects with a `ModelError`, and nothing has changed. */
export interface PipelineModels {
  status(): ModelsStatus
  /** Makes a version the champion. Resolves when it forecasts. */
  promote(version: number, note: string): Promise<void>
  /**
   * Goes back to an earlier champion, or to the baseline. Resolves when it forecasts.
   * @param to default: the champion before the present one
   */
  rollback(to: RollbackTarget | undefined, note: string): Promise<void>
  /** A version as a file: see docs/formats.md. */
  export(version: number): Uint8Array
  /** Stores what a file holds as a new version, which is not promoted by that. */
  import(file: Uint8Array): Promise<ModelVersion>
  /**
   * Removes all but the newest versions, the champion, the networks it was trained from, and the champion before it.
   * @param keep default: as configured
   * @returns the versions that are gone
   */
  prune(keep?: number): Promise<readonly number[]>
}

export type RollbackTarget = number | 'baseline'

export interface ModelsStatus {
  readonly pipeline: string
  /** `null` while the baseline forecasts. */
  readonly champion: number | null
  /** What forecasts in this process; another than the champion while that is on its way into use. */
  readonly serving: number | null
  /** Where a roll-back leads that names nothing else; `null`: to the baseline. Absent where there is nowhere to go back to. */
  readonly goesBackTo?: number | null
  /** Newest last. */
  readonly models: readonly ModelVersion[]
}

/** A version as it is shown: all but its weights. */
export interface ModelVersion extends Omit<StoredModel, 'weights'> {
  /** The same for all networks that one configuration can use. */
  readonly signature: string
  /** Why the pipeline as it is configured now cannot use it; empty where it can. */
  readonly misfits: readonly string[]
  readonly champion: boolean
}

/** Bytes of a model file, at most. */
export const MOST_FILE_BYTES = 256 * 1024 * 1024

export class ModelError extends Error {
  override readonly name = 'ModelError'
  constructor(
    readonly code: 'unknown-version' | 'unfit' | 'damaged' | 'bad-file' | 'nothing-to-do',
    message: string,
  ) {
    super(message)
  }
}
