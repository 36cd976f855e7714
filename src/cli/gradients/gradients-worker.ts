import process from 'node:process'
import { parentPort, workerData } from 'node:worker_threads'
import { loadBackend } from '../../adapters/tensorflow/backend.js'
import { profiles, type ProfileOptions } from './profiles.js'

/** Entry of the thread that measures the profiles. */
const { tf, info } = await loadBackend('auto', 1, { env: process.env })
parentPort?.postMessage(profiles(tf, info.name === 'tensorflow', workerData as ProfileOptions))
