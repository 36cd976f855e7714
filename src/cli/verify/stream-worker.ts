import process from 'node:process'
import { parentPort, workerData } from 'node:worker_threads'
import { loadBackend } from '../../adapters/tensorflow/backend.js'
import { compareStreams, type StreamJob } from './stream.js'

/** Entry of the thread that compares carried states with one long unroll. */
const { tf, info } = await loadBackend('auto', 1, { env: process.env })
await compareStreams(tf, info.name === 'tensorflow', workerData as StreamJob, (comparison) => {
  parentPort?.postMessage(comparison)
})
