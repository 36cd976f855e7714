import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

/** The functions of native/thread/, which set-up compiles. They act on the calling thread, or on the process's environment. */
export interface NativeFunctions {
  /** Blocks every signal but those that a thread raises by its own fault. Throws when the kernel refuses. */
  blockAllSignals(): true
  /** Numbers of the signals that this thread blocks. */
  blockedSignals(): number[]
  /** Changes what C code sees with getenv; assigning to `process.env` in a worker does not. False: had that value already. */
  setEnvironment(name: string, value: string): boolean
}

export type NativeModule =
  | { readonly kind: 'loaded'; readonly functions: NativeFunctions }
  | { readonly kind: 'missing'; readonly reason: string }

const compiled = fileURLToPath(new URL('../../../../native/build/tidecast.node', import.meta.url))

export function loadNative(path = compiled): NativeModule {
  try {
    return { kind: 'loaded', functions: createRequire(import.meta.url)(path) as NativeFunctions }
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
    return { kind: 'missing', reason: `native module not loaded: ${reason}` }
  }
}
