import { fork, type ChildProcess } from 'node:child_process'
import { constants, setPriority } from 'node:os'

/**
 * Runs a script in a process of its own at low priority, so that inference goes on whatever it does. The job is sent
 * as soon as the process has begun.
 * @param env environment without the settings of the engine's TensorFlow, which hide GPUs
 * @param stderr 'pipe' where what it complains of is of interest
 */
export function forkAside(
  script: URL,
  job: object,
  env: NodeJS.ProcessEnv,
  stderr: 'pipe' | 'ignore',
): ChildProcess {
  const child = fork(script, [], {
    env,
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', stderr, 'ipc'],
  })
  child.once('spawn', () => {
    try {
      if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL)
    } catch {
      // Without the right to change priorities it runs at the ordinary one.
    }
    child.send(job)
  })
  return child
}
