import process from 'node:process'
import { parentPort, workerData } from 'node:worker_threads'
import { loadBackend } from '../../adapters/tensorflow/backend.js'
import { learnText, writeText } from '../../training/learn-text.js'
import type { CharRnnJob, CharRnnMessage } from './protocol.js'

/** Entry of the thread that learns a text and writes on. */
const REPORT_EVERY = 100
const job = workerData as CharRnnJob
const say = (message: CharRnnMessage): void => parentPort?.postMessage(message)

// Products of one row each: waiting for a device or for a second thread would take longer than they do.
const { tf, info } = await loadBackend('auto', 1, { env: process.env })
const fused = info.name === 'tensorflow'
const started = performance.now()
const model = learnText({
  ...job,
  tf,
  fused,
  onEpoch(epoch, loss) {
    if (epoch % REPORT_EVERY === 0) say({ kind: 'epoch', epoch, loss })
  },
})
const seconds = (performance.now() - started) / 1000
const text = writeText(model, { ...job, tf, fused })
say({ kind: 'written', backend: info.name, loss: model.loss, seconds, text })
