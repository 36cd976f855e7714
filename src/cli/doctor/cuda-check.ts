import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Config } from '../../config/types.js'
import { gpuSettings, type CudaAnswer } from '../cuda-probe.js'
import { fail, ok, type Check } from './check.js'

const LIMIT_MS = 10_000

/** What the driver's own tool lists: `0: NVIDIA H100 80GB HBM3, 81559 MiB, driver 570.86`. Empty without driver. */
export async function listCudaDevices(): Promise<string[]> {
  const query = ['--query-gpu=index,name,memory.total,driver_version', '--format=csv,noheader']
  try {
    const { stdout } = await promisify(execFile)('nvidia-smi', query, { timeout: LIMIT_MS })
    return stdout.trim().split('\n').map(deviceLine)
  } catch {
    return []
  }
}

export function deviceLine(csv: string): string {
  const [index = '?', name = '?', memory = '?', driver = '?'] = csv.split(',').map((field) => field.trim())
  return `${index}: ${name}, ${memory}, driver ${driver}`
}

/** Having no GPU is only a fault where one is asked for. */
export function cudaCheck(
  answer: CudaAnswer,
  listed: readonly string[],
  config: Pick<Config, 'inference' | 'pipelines'> | null,
): Check {
  const found = listed.length > 0 ? listed.join('; ') : 'the driver lists no device'
  if (answer.kind === 'usable') return ok('cuda', `TensorFlow uses ${answer.devices.join(', ')} (${found})`)
  const wanted = config === null ? [] : gpuSettings(config)
  const detail = `${found}; ${answer.reason}`
  return wanted.length === 0
    ? ok('cuda', `${detail}; networks are trained on the processor`)
    : fail('cuda', detail, `set ${wanted.join(' and ')} to "auto" or "cpu", or mend the above`)
}
