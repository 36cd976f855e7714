import process from 'node:process'
import { parentPort, workerData } from 'node:worker_threads'
import { loadBackend } from '../../adapters/tensorflow/backend.js'
import { networkProfiles } from './networks.js'
import { cellProfiles } from './profiles.js'
import type { GradientsJob } from './protocol.js'

/** Entry of the thread that measures the profiles. */
const { tf, info } = await loadBackend('auto', 1, { env: process.env })
const job = workerData as GradientsJob
const fused = info.name === 'tensorflow'
parentPort?.postMessage(job.kind === 'cells' ? cellProfiles(tf, fused, job) : networkProfiles(tf, fused, job))
