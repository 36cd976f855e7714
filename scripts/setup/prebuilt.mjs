import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { bindingPath, modules } from './paths.mjs'
import { run } from './run.mjs'

const limitMs = 3 * 60_000

/**
 * The package's own install script, run visibly: an older TensorFlow and a compiled binding from its makers' storage.
 * Only tried where the binding cannot be compiled.
 */
export async function installPrebuilt({ report }) {
  const folder = join(modules, '@tensorflow', 'tfjs-node')
  report.line('prebuilt', "trying the package's own download …")
  const path = `${join(modules, '.bin')}${delimiter}${process.env.PATH ?? ''}`
  const outcome = await run(process.execPath, [join(folder, 'scripts', 'install.js')], {
    cwd: folder,
    env: { ...process.env, PATH: path },
    timeoutMs: limitMs,
  })
  if (!outcome.ok) throw new Error(`the prebuilt binding could not be installed: ${outcome.reason}`)
  if (!existsSync(bindingPath('tfjs-node')))
    throw new Error('the prebuilt binding was not there after its install script')
}
