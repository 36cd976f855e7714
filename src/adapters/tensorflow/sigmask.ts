import type { NativeModule } from './native.js'

export type SignalMask =
  | { readonly kind: 'blocked'; readonly signals: readonly number[] }
  | { readonly kind: 'unavailable'; readonly reason: string }

/**
 * Blocks all signals on the calling thread and on every thread it starts from now on. To be called before TensorFlow is
 * loaded: a signal handler that runs on one of its threads overwrites the heap.
 */
export function blockAllSignals(native: NativeModule): SignalMask {
  if (native.kind === 'missing') return { kind: 'unavailable', reason: native.reason }
  try {
    native.functions.blockAllSignals()
    return { kind: 'blocked', signals: native.functions.blockedSignals() }
  } catch (error) {
    return { kind: 'unavailable', reason: error instanceof Error ? error.message : String(error) }
  }
}
