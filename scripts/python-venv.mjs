import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { moveFolder } from './setup/atomic.mjs'
import { sha256Of } from './setup/hash.mjs'
import { cacheFolder } from './setup/paths.mjs'
import { run, which } from './setup/run.mjs'

const requirements = fileURLToPath(new URL('../bench/python/requirements.txt', import.meta.url))
const INSTALL_LIMIT_MS = 30 * 60_000

/**
 * A Python with PyTorch and confluent-kafka for what the benchmarks compare with, in the per-user cache; installed by pip
 * when it is not there. pip's own settings hold: PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu saves the CUDA.
 * @returns {Promise<string>} path of its interpreter
 */
export async function pythonWithTorch() {
  const folder = join(cacheFolder(process.env), `python-${sha256Of([], [requirements]).slice(0, 12)}`)
  const interpreter = join(folder, 'bin', 'python')
  if (existsSync(interpreter)) return interpreter
  if (which('python3') === null) throw new Error('python3 (3.11 or later) is not on PATH')
  process.stderr.write(`${folder}: installing PyTorch and confluent-kafka, once; several GB …\n`)
  await mkdir(cacheFolder(process.env), { recursive: true })
  const making = await mkdtemp(`${folder}.`)
  try {
    await must('python3', ['-m', 'venv', making])
    const python = join(making, 'bin', 'python')
    const quietly = ['--quiet', '--disable-pip-version-check', '--no-cache-dir']
    await must(python, ['-m', 'pip', 'install', ...quietly, '-r', requirements])
    await must(python, ['-c', 'import confluent_kafka, numpy, torch'])
    moveFolder(making, folder)
  } catch (error) {
    await rm(making, { recursive: true, force: true })
    throw error
  }
  return interpreter
}

async function must(program, args) {
  const outcome = await run(program, args, { timeoutMs: INSTALL_LIMIT_MS })
  if (!outcome.ok) throw new Error(`no Python with PyTorch: ${outcome.reason}`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.stdout.write(`${await pythonWithTorch()}\n`)
  } catch (error) {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  }
}
