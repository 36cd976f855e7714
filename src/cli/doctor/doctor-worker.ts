import process from 'node:process'
import { parentPort, workerData } from 'node:worker_threads'
import { loadBackend } from '../../adapters/tensorflow/backend.js'
import type { EngineThreadOptions } from '../../adapters/tensorflow/protocol.js'
import { reasonOf } from './check.js'
import type { ProbeReport } from './probe.js'

const engine = workerData as EngineThreadOptions
parentPort?.postMessage(await probe())

async function probe(): Promise<ProbeReport> {
  const node = process.version
  try {
    const { tf, info } = await loadBackend(engine.backend, engine.threads, {
      device: engine.device ?? 'cpu',
      env: process.env,
    })
    const [sum] = await tf.sum(tf.matMul(tf.ones([2, 2]), tf.ones([2, 2]))).data()
    if (sum !== 8)
      return { kind: 'failed', reason: `${info.name} computes a wrong product: ${sum ?? 'none'}`, node }
    return { kind: 'loaded', info, node }
  } catch (error) {
    return { kind: 'failed', reason: reasonOf(error), node }
  }
}
