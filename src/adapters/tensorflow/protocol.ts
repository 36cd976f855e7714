import type { NetworkSpec } from '../../core/network-spec.js'
import type { BackendInfo, StepBuffers, Wave } from '../../ports/engine.js'

/** What the engine asks of its thread. Requests are carried out in order; every one with an `id` is answered. */
export type EngineRequest =
  | {
      readonly kind: 'load'
      readonly id: number
      readonly network: number
      readonly spec: NetworkSpec
      readonly weights: Float32Array
    }
  | { readonly kind: 'release'; readonly network: number }
  | {
      readonly kind: 'step'
      readonly id: number
      readonly network: number
      /** On shared memory, like the buffers: passing them on copies nothing. */
      readonly states: Float32Array
      readonly buffers: StepBuffers
      readonly waves: readonly Wave[]
    }
  | { readonly kind: 'close' }

export type EngineReply =
  | { readonly kind: 'ready'; readonly backend: BackendInfo }
  | { readonly kind: 'done'; readonly id: number }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string }
  | { readonly kind: 'unusable'; readonly message: string }

export interface EngineThreadOptions {
  readonly backend: 'auto' | 'tensorflow' | 'wasm' | 'cpu'
  readonly threads: number
  /** Default `cpu`. */
  readonly device?: 'auto' | 'gpu' | 'cpu'
}
