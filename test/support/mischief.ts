import process from 'node:process'
import { isMainThread } from 'node:worker_threads'

/**
 * Preloaded into a daemon (`node --import`), where it does on SIGUSR2 what MISCHIEF names: a fault that the daemon itself
 * knows nothing of.
 */
export type Mischief = 'throw' | 'reject' | 'block' | 'engine-throw'

/** For so long `block` does not let the event loop go round. */
export const BLOCKED_MS = 3000

const what = process.env['MISCHIEF'] as Mischief | undefined
// A text that holds a secret, as an error of some library might.
const fault = (): Error => new Error(`mischief with ${process.env['TIDECAST_HTTP_TOKEN'] ?? 'no token'}`)

if (what !== undefined) {
  const channel = new BroadcastChannel('mischief')
  if (isMainThread) {
    process.on('SIGUSR2', () => {
      if (what === 'throw') throw fault()
      if (what === 'reject') void Promise.reject(fault())
      if (what === 'engine-throw') channel.postMessage(null)
      const end = Date.now() + (what === 'block' ? BLOCKED_MS : 0)
      while (Date.now() < end);
    })
  } else {
    channel.onmessage = () => {
      throw fault()
    }
  }
  channel.unref()
}
