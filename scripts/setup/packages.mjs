import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readJson, writeAtomically } from './atomic.mjs'
import { sha256Of } from './hash.mjs'
import { modules, root } from './paths.mjs'
import { run } from './run.mjs'

const stamp = join(modules, '.tidecast-packages.json')

/** Makes node_modules hold what package-lock.json says. Returns the lock's hash. */
export async function installPackages({ force, report }) {
  const lock = sha256Of([], [join(root, 'package-lock.json')])
  if (!force && readJson(stamp)?.lock === lock && existsSync(join(modules, 'typescript'))) {
    report.done('packages', 'up to date')
    return lock
  }
  const started = performance.now()
  report.line('packages', 'npm ci …')
  const installed = await run('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: root,
    show: true,
    timeoutMs: 15 * 60_000,
  })
  if (!installed.ok) throw new Error(`packages could not be installed: ${installed.reason}`)
  writeAtomically(stamp, JSON.stringify({ lock }))
  report.done('packages', 'installed', started)
  return lock
}
