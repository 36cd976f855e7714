import type { NetworkSpec } from '../core/network-spec.js'

/**
 * The engine port: the only way to a tensor. Stepping takes place on another thread; what is handed over are shared
 * buffers and counts, never copies of states. Calls are carried out in the order they were made.
 */
export interface Engine {
  readonly backend: BackendInfo
  /** Rejects when the weights do not fit the spec or hold a value that is not finite. */
  load(spec: NetworkSpec, weights: Float32Array): Promise<LoadedNetwork>
  /** Number of the oldest request that is not answered yet; `null` while there is none. */
  readonly oldest: number | null
  close(): Promise<void>
}

export interface BackendInfo {
  /** `tensorflow` or a portable tfjs backend (`wasm`, `cpu`). */
  readonly name: string
  readonly version: string
  readonly devices: readonly string[]
  /** All signals are blocked on the threads that TensorFlow runs on. */
  readonly signalsBlocked: boolean
  /** What would have been better, and why it could not be had. */
  readonly fallbacks: readonly string[]
}

export interface LoadedNetwork {
  readonly spec: NetworkSpec
  /**
   * Advances the hidden states that the waves name, in order, and writes the forecasts of their observed rows.
   * A wave's states are scattered only when its whole step succeeded; after a rejection the states of the table are to
   * be restored. The buffers belong to the engine until the promise settles.
   * @param states [capacity, stateSize], on a SharedArrayBuffer
   */
  step(states: Float32Array, buffers: StepBuffers, waves: readonly Wave[]): Promise<void>
  release(): void
}

/** Buffers for the rows of a part of a batch, on SharedArrayBuffers. Rows that hold a forecast's origin come first in their wave. */
export interface StepBuffers {
  readonly capacity: number
  /** [capacity] row of the state table. */
  readonly slots: Int32Array
  /** [capacity] 1 where the hidden state starts from zero instead of what the table holds. */
  readonly fresh: Uint8Array
  /** [capacity] row of the series embedding, 0 = unknown. */
  readonly embedding: Int32Array
  /** [capacity, inputs] */
  readonly inputs: Float32Array
  /** [capacity, horizon, targetFeatures] of the observed rows. */
  readonly features: Float32Array
  /** [capacity, horizon] calendar row of each target: weekday · slots + slot. */
  readonly calendar: Int32Array
  /** [capacity, horizon, quantiles] result, in the scale of now; of symbols, [capacity, symbols + 1] probabilities. */
  readonly forecasts: Float32Array
}

/** Rows [start, start + rows) of the buffers, at most one per series. The first `observed` of them are real observations, from which a forecast is made; the rest are masked steps. */
export interface Wave {
  readonly start: number
  readonly rows: number
  readonly observed: number
}
