import { BackendError, loadBackend } from '../../adapters/tensorflow/backend.js'
import type { BenchAnswer, BenchJob } from './protocol.js'
import { secondsPerUpdate } from './train.js'

/** Entry of the process that trains on one device and ends, so that it holds nothing of it. */
process.once('message', (job) => {
  void measure(job as BenchJob).then((answer) => {
    process.send?.(answer, undefined, {}, () => {
      process.disconnect()
    })
  })
})

async function measure(job: BenchJob): Promise<BenchAnswer> {
  try {
    const { tf, info } = await loadBackend('auto', 1, { device: job.device, env: process.env })
    const seconds = await secondsPerUpdate(tf, info.name === 'tensorflow', job)
    return { kind: 'measured', device: `${info.name} (${info.devices.join(', ')})`, seconds }
  } catch (error) {
    const reason = error instanceof BackendError ? error.reasons.join('; ') : String(error)
    return { kind: 'absent', reason }
  }
}
