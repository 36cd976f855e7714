import { fork } from 'node:child_process'
import type { Config } from '../config/types.js'
import type { BackendInfo } from '../ports/engine.js'

export type CudaAnswer =
  | { readonly kind: 'usable'; readonly devices: BackendInfo['devices'] }
  | { readonly kind: 'unusable'; readonly reason: string }

export type CudaJob = Pick<Config['engine'], 'backend'>

/** A GPU was asked for by the configuration, and there is none. */
export class DeviceError extends Error {
  override readonly name = 'DeviceError'
}

const LIMIT_MS = 60_000

/** Asks TensorFlow for its CUDA device in a process that ends with its answer, so that nothing is held. Never rejects. */
export function probeCuda(job: CudaJob, env: NodeJS.ProcessEnv): Promise<CudaAnswer> {
  return new Promise((resolve) => {
    const child = fork(new URL('./cuda-probe-process.js', import.meta.url), [], {
      env,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL', // the process blocks all others
    })
    child.once('spawn', () => child.send(job))
    child.once('message', (answer) => {
      resolve(answer as CudaAnswer)
    })
    child.once('error', (error) => {
      resolve({ kind: 'unusable', reason: error.message })
    })
    child.once('exit', () => {
      resolve({ kind: 'unusable', reason: 'the process that looked for a CUDA device died' })
    })
  })
}

/** Settings that insist on a GPU. */
export function gpuSettings({ inference, pipelines }: Pick<Config, 'inference' | 'pipelines'>): string[] {
  const training = pipelines.filter(({ training }) => training.enabled && training.device === 'gpu')
  return [
    ...(inference.device === 'gpu' ? ['inference.device'] : []),
    ...training.map(({ name }) => `pipelines.${name}.training.device`),
  ]
}

/** Rejects with `DeviceError` where a setting insists on a GPU that cannot be used: at start-up, not hours later. */
export async function requireDevices(config: Config, env: NodeJS.ProcessEnv): Promise<void> {
  const settings = gpuSettings(config)
  if (settings.length === 0) return
  const answer = await probeCuda(config.engine, env)
  if (answer.kind === 'usable') return
  throw new DeviceError(
    `${settings.join(', ')} = "gpu": ${answer.reason}. ("auto" takes the processor where there is no GPU; "tidecast doctor" lists devices.)`,
  )
}
