import { BackendError, loadBackend } from '../adapters/tensorflow/backend.js'
import type { CudaAnswer, CudaJob } from './cuda-probe.js'

/** Entry of the process that looks whether TensorFlow can use a CUDA device. */
process.once('message', (job) => {
  void look(job as CudaJob).then((answer) => {
    process.send?.(answer, undefined, {}, () => {
      process.disconnect()
    })
  })
})

async function look({ backend }: CudaJob): Promise<CudaAnswer> {
  try {
    const { info } = await loadBackend(backend, 1, { device: 'gpu', env: process.env })
    return { kind: 'usable', devices: info.devices }
  } catch (error) {
    const reason = error instanceof BackendError ? error.reasons.join('; ') : String(error)
    return { kind: 'unusable', reason }
  }
}
