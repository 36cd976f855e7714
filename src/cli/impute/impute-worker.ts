import process from 'node:process'
import { parentPort, workerData } from 'node:worker_threads'
import { loadBackend } from '../../adapters/tensorflow/backend.js'
import { impute } from './impute.js'
import type { ImputeJob, ImputeMessage } from './protocol.js'

/** Entry of the thread that learns and fills. */
const say = (message: ImputeMessage): void => parentPort?.postMessage(message)
const { tf, info } = await loadBackend('auto', 1, { env: process.env })
const result = await impute({
  ...(workerData as ImputeJob),
  tf,
  fused: info.name === 'tensorflow',
  backend: info.name,
  onUpdate: (update, updates, loss) => say({ kind: 'progress', update, updates, loss }),
})
say({ kind: 'done', result })
