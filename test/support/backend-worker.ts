import { readdirSync, readFileSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import * as importedCore from '@tensorflow/tfjs-core'
import { loadBackend } from '../../src/adapters/tensorflow/backend.js'
import type { BackendRequest, BackendReport } from './backend-process.js'

const { wanted, threads } = workerData as BackendRequest
const before = new Set(threadIds())
const { tf, info } = await loadBackend(wanted, threads)
const product = await tf.sum(tf.matMul(tf.ones([2, 2]), tf.ones([2, 2]))).data()
const report: Omit<BackendReport, 'intraOpThreads'> = {
  info,
  sameInstance: importedCore.engine() === tf.engine(),
  product: product[0] ?? Number.NaN,
  newThreadMasks: threadIds()
    .filter((id) => !before.has(id))
    .map(signalMask),
}
parentPort?.postMessage(report)

function threadIds(): string[] {
  return readdirSync('/proc/self/task')
}

function signalMask(thread: string): string {
  const status = readFileSync(`/proc/self/task/${thread}/status`, 'utf8')
  return /^SigBlk:\s+(\w+)/m.exec(status)?.[1] ?? ''
}
