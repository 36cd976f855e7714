import process from 'node:process'
import { Worker } from 'node:worker_threads'
import { stormSignals } from './signal-storm.js'

/** A daemon in miniature: signal handlers on the main thread, TensorFlow in a worker. Started with `masked` or `bare`. */
let handled = 0
for (const signal of stormSignals) process.on(signal, () => handled++)

const worker = new Worker(new URL('stepping-worker.js', import.meta.url), {
  workerData: { masked: process.argv[2] === 'masked' },
})
worker.on('message', (progress: { steps: number; finite: boolean }) => {
  process.send?.({ ...progress, handled })
})
worker.on('error', (error) => {
  throw error
})
// The parent asks for the end; without it, its own end is enough.
process.on('disconnect', () => process.exit(0))
