import { setImmediate } from 'node:timers/promises'

/** What real life sends to a daemon: reload, a child's end, a terminal's new size, a profiler or an operator. */
export const stormSignals = [
  'SIGHUP',
  'SIGCHLD',
  'SIGWINCH',
  'SIGUSR2',
] as const satisfies readonly NodeJS.Signals[]

export interface StormOptions {
  /** Signals to send at least. */
  readonly signals: number
  /** Ends the storm early, as when the process has died. */
  readonly until?: AbortSignal
}

/**
 * Sends mixed signals to a process as fast as one sender can, about 300,000 in a second. Resolves with the number sent,
 * which is smaller when the process is gone or `until` fires. The receiver must handle all of `stormSignals`.
 */
export async function signalStorm(pid: number, { signals, until }: StormOptions): Promise<number> {
  let sent = 0
  while (sent < signals && until?.aborted !== true) {
    for (let i = 0; i < 200; i++) {
      try {
        process.kill(pid, stormSignals[sent % stormSignals.length])
      } catch {
        return sent
      }
      sent++
    }
    await setImmediate()
  }
  return sent
}
