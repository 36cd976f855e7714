import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const FOLDER = new URL('../../bench/python/', import.meta.url).pathname
const LIMIT_MS = 10 * 60_000
const run = promisify(execFile)

/**
 * JSON lines that a script of bench/python prints. `null`, with a loud line, where no Python has PyTorch: a comparison
 * that was not made must not look like one.
 */
export async function pytorch(script: string, ...args: string[]): Promise<readonly unknown[] | null> {
  const python = await pythonWithTorch()
  if (python === undefined) {
    process.stderr.write(
      `SKIPPED: no PyTorch for ${script}; "node scripts/python-venv.mjs" installs it, TIDECAST_PYTHON names one\n`,
    )
    return null
  }
  const { stdout } = await run(python, [join(FOLDER, script), ...args], { timeout: LIMIT_MS })
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)
}

let found: Promise<string | undefined> | undefined

function pythonWithTorch(): Promise<string | undefined> {
  return (found ??= firstWithTorch())
}

async function firstWithTorch(): Promise<string | undefined> {
  const cache =
    process.env['TIDECAST_CACHE'] ??
    join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'tidecast')
  const cached = existsSync(cache)
    ? readdirSync(cache).flatMap((name) =>
        name.startsWith('python-') ? [join(cache, name, 'bin', 'python')] : [],
      )
    : []
  for (const python of [process.env['TIDECAST_PYTHON'], ...cached, 'python3']) {
    if (python === undefined) continue
    try {
      await run(python, ['-c', 'import torch'], { timeout: LIMIT_MS })
      return python
    } catch {
      // The next one.
    }
  }
  return undefined
}
