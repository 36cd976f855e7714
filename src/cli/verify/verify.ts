import type { Form } from '../../model/cells.js'
import { runWorker } from '../run-worker.js'
import { TOLERANCE, worst, type Errors } from './compare.js'

export const BACKENDS = ['tensorflow', 'wasm', 'cpu'] as const
export type VerifiedBackend = (typeof BACKENDS)[number]

export interface VerifyJob {
  readonly backend: VerifiedBackend
  readonly folder: string
}

/** One file through one form of its cells. */
export interface Comparison {
  readonly file: string
  readonly backend: VerifiedBackend
  readonly form: Form
  readonly errors: Errors
}

export type VerifyMessage =
  | { readonly kind: 'loaded'; readonly backend: VerifiedBackend; readonly version: string }
  | { readonly kind: 'unavailable'; readonly backend: VerifiedBackend; readonly reason: string }
  | { readonly kind: 'compared'; readonly comparison: Comparison }

export interface Verification {
  /** Something was compared, and nothing was off by more than the tolerance. */
  readonly ok: boolean
  readonly tolerance: number
  readonly largestError: number
  readonly comparisons: readonly Comparison[]
  readonly unavailable: readonly { readonly backend: VerifiedBackend; readonly reason: string }[]
}

/** Runs every reference file through every form on every backend, one backend after the other. */
export async function verify(
  folder: string,
  signal: AbortSignal,
  listen: (message: VerifyMessage) => void,
): Promise<Verification> {
  const comparisons: Comparison[] = []
  const unavailable: { backend: VerifiedBackend; reason: string }[] = []
  for (const backend of BACKENDS) {
    const job: VerifyJob = { backend, folder }
    await runWorker(new URL('verify-worker.js', import.meta.url), job, signal, (said) => {
      const message = said as VerifyMessage
      listen(message)
      if (message.kind === 'compared') comparisons.push(message.comparison)
      if (message.kind === 'unavailable') unavailable.push({ backend, reason: message.reason })
    })
  }
  const largestError = comparisons.reduce((most, { errors }) => Math.max(most, worst(errors).error), 0)
  const ok = comparisons.length > 0 && largestError < TOLERANCE
  return { ok, tolerance: TOLERANCE, largestError, comparisons, unavailable }
}
