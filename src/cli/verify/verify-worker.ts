import process from 'node:process'
import { parentPort, workerData } from 'node:worker_threads'
import { BackendError, loadBackend } from '../../adapters/tensorflow/backend.js'
import { cellOf, formOf } from '../../model/cells.js'
import { compareGolden } from './compare.js'
import { readGolden } from './golden.js'
import type { VerifyJob, VerifyMessage } from './verify.js'

/** Entry of the thread that compares every file on one backend, in every form that it has. */
const { backend, folder } = workerData as VerifyJob
const say = (message: VerifyMessage): void => parentPort?.postMessage(message)

try {
  const { tf, info } = await loadBackend(backend, 1, { env: process.env })
  const forms = new Set([
    formOf(tf, backend === 'tensorflow'),
    ...(backend === 'tensorflow' ? (['fused'] as const) : []),
    'plain' as const,
  ])
  say({ kind: 'loaded', backend, version: info.version })
  for (const { file, golden } of readGolden(folder)) {
    for (const form of forms) {
      const errors = compareGolden(tf, golden, cellOf(golden)[form])
      say({ kind: 'compared', comparison: { file, backend, form, errors } })
    }
  }
} catch (error) {
  if (!(error instanceof BackendError)) throw error
  say({ kind: 'unavailable', backend, reason: error.reasons.join('; ') })
}
