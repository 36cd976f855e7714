import process from 'node:process'
import { Worker } from 'node:worker_threads'
import type { WantedBackend } from '../../src/adapters/tensorflow/backend.js'
import type { BackendInfo } from '../../src/ports/engine.js'

/** Loads a backend in a worker of a fresh process (TensorFlow reads its settings once per process), reports, and ends. */
export interface BackendRequest {
  readonly wanted: WantedBackend
  readonly threads: number
}

export interface BackendReport {
  readonly info: BackendInfo
  readonly sameInstance: boolean
  /** Sum of a 2 × 2 product of ones. */
  readonly product: number
  /** Hexadecimal signal masks of the threads that came with the backend. */
  readonly newThreadMasks: readonly string[]
  /** What the main thread, whose `process.env` is the real environment, finds afterwards. */
  readonly intraOpThreads: string | undefined
}

const workerData = JSON.parse(process.argv[2] ?? '') as BackendRequest
const worker = new Worker(new URL('backend-worker.js', import.meta.url), { workerData })
worker.once('message', (report: Omit<BackendReport, 'intraOpThreads'>) => {
  const full: BackendReport = { ...report, intraOpThreads: process.env['TF_NUM_INTRAOP_THREADS'] }
  process.stdout.write(JSON.stringify(full))
})
