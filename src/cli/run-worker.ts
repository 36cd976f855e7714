import { SHARE_ENV, Worker } from 'node:worker_threads'

/**
 * Runs the tensor work of a command on a thread of its own, where all signals are blocked, and listens to it. Settles when
 * the thread has ended: rejects with what it died of, or when the command is aborted.
 */
export async function runWorker(
  file: URL,
  workerData: unknown,
  signal: AbortSignal,
  listen: (message: unknown) => void,
): Promise<void> {
  signal.throwIfAborted()
  const worker = new Worker(file, {
    workerData,
    env: SHARE_ENV, // so that TensorFlow sees the settings made there, also without the native module
  })
  const abort = (): void => void worker.terminate()
  signal.addEventListener('abort', abort, { once: true })
  try {
    await new Promise<void>((resolve, reject) => {
      worker.on('message', listen)
      worker.once('error', reject)
      worker.once('exit', () => {
        resolve()
      })
    })
  } finally {
    signal.removeEventListener('abort', abort)
  }
  signal.throwIfAborted()
}
