import { Worker } from 'node:worker_threads'
import type { EngineThreadOptions } from '../../adapters/tensorflow/protocol.js'
import type { BackendInfo } from '../../ports/engine.js'
import { reasonOf } from './check.js'

export type ProbeReport =
  | { readonly kind: 'loaded'; readonly info: BackendInfo; readonly node: string }
  | { readonly kind: 'failed'; readonly reason: string; readonly node: string }

const limitMs = 60_000

/** Loads the backend as the daemon would, in a thread of its own, and multiplies two matrices with it. */
export async function probeBackend(engine: EngineThreadOptions, signal: AbortSignal): Promise<ProbeReport> {
  const worker = new Worker(new URL('doctor-worker.js', import.meta.url), { workerData: engine })
  const ends = AbortSignal.any([signal, AbortSignal.timeout(limitMs)])
  try {
    return await new Promise<ProbeReport>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
      ends.addEventListener('abort', () => {
        reject(new Error('the backend did not answer within a minute'))
      })
    })
  } catch (error) {
    return { kind: 'failed', reason: reasonOf(error), node: 'unknown' }
  } finally {
    await worker.terminate()
  }
}
