import { TrainerFailure, type LaunchTrainer, type TrainerReply } from '../training/protocol.js'
import { forkAside } from './fork-aside.js'

/**
 * Trains in a process of its own: the only one that may hold a GPU, whose memory is free again when it ends. It runs at
 * low priority: whatever it does or dies of, inference goes on.
 * All signals are blocked in it, for TensorFlow's sake, so it is ended by SIGKILL, or ends itself when its parent does.
 * @param env environment without the settings of the engine's TensorFlow, which hide GPUs
 * @param crashed told where it died of a fault, not of its data or because it was ended
 */
export const launchTrainer =
  (env: NodeJS.ProcessEnv, crashed: (error: Error) => void = () => undefined): LaunchTrainer =>
  (job, listen, signal) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const child = forkAside(new URL('./trainer-process.js', import.meta.url), job, env, 'pipe')
      let complaint = ''
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        complaint = (complaint + text).slice(-2000)
      })
      let settled = false
      const fail = (failure: TrainerFailure): void => {
        if (!settled && failure.reason === 'crashed') crashed(failure)
        settled = true
        reject(failure)
      }
      const abort = (): void => {
        child.kill('SIGKILL')
        fail(new TrainerFailure('aborted', 'the training was ended'))
      }
      signal.addEventListener('abort', abort, { once: true })
      child.on('message', (message) => {
        const reply = message as TrainerReply
        switch (reply.kind) {
          case 'started':
          case 'progress':
            listen(reply)
            break
          case 'trained':
            settled = true
            resolve(reply.result)
            break
          case 'failed':
            fail(new TrainerFailure(reply.reason, reply.message))
            break
        }
      })
      child.once('error', (error) => {
        fail(new TrainerFailure('crashed', error.message))
      })
      child.once('exit', (code, killedBy) => {
        signal.removeEventListener('abort', abort)
        const how = killedBy === null ? `ended with code ${String(code)}` : `was killed by ${killedBy}`
        fail(
          new TrainerFailure(
            'crashed',
            `the trainer ${how}${complaint === '' ? '' : `: ${complaint.trim()}`}`,
          ),
        )
      })
    })
