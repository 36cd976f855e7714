import { readFileSync } from 'node:fs'
import { availableParallelism, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { getHeapStatistics } from 'node:v8'
import { gigabytes, ok, warn, type Check } from './check.js'

/** The daemon alone, and a trainer beside it. */
const LEAST = 1.2e9

/** What this process may use, at most. */
export interface Limits {
  readonly cpus: number
  readonly memoryBytes: number
  /** Of V8's heap, which Node.js derives from the memory. States and tensors lie outside of it. */
  readonly heapBytes: number
  /** Whether a control group allows less than the machine has. */
  readonly limited: boolean
}

/**
 * Of the machine, and of the control groups (version 2) that the process is in: of a container, a pod, a service.
 * @param root where /proc and /sys are
 */
export function readLimits(root = '/'): Limits {
  const own = { cpus: availableParallelism(), memoryBytes: totalmem() }
  let { cpus, memoryBytes } = own
  const mount = join(root, 'sys/fs/cgroup')
  // A group is bound by those that it lies in as well.
  for (let folder = join(mount, groupOf(root)); folder.startsWith(mount); folder = dirname(folder)) {
    const [quota, period] = words(join(folder, 'cpu.max'))
    const [memory] = words(join(folder, 'memory.max'))
    if (Number(quota) > 0 && Number(period) > 0) cpus = Math.min(cpus, Number(quota) / Number(period))
    if (Number(memory) > 0) memoryBytes = Math.min(memoryBytes, Number(memory))
  }
  const limited = cpus < own.cpus || memoryBytes < own.memoryBytes
  return { cpus, memoryBytes, heapBytes: getHeapStatistics().heap_size_limit, limited }
}

export function limitsCheck({ cpus, memoryBytes, heapBytes, limited }: Limits): Check {
  const whose = limited ? 'control group' : 'machine'
  const detail = `${whose}: ${cpus.toFixed(1)} cores, ${gigabytes(memoryBytes)} of memory, ${gigabytes(heapBytes)} of it for V8's heap at most`
  const hint = `with "tidecast doctor --sizing" see what the pipelines need; allow at least ${gigabytes(LEAST)}`
  return memoryBytes < LEAST ? warn('limits', detail, hint) : ok('limits', detail)
}

/** The line `0::/path` names the group of version 2. */
function groupOf(root: string): string {
  const line = read(join(root, 'proc/self/cgroup'))
    .split('\n')
    .find((text) => text.startsWith('0::'))
  return line?.slice(3).trim() ?? '/'
}

/** `max` stands for none. */
function words(file: string): string[] {
  return read(file).trim().split(/\s+/)
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
