import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const SHARED = ['node_modules', 'native', 'config', 'package.json']

/**
 * Another version of the program: this build, in which the format of what a partition stores has been raised by one, as a
 * version would that stores more. It rebuilds what older ones have stored.
 * @param dir is made
 * @returns what starts it, in place of `bin/tidecast.js`
 */
export async function nextBuild(dir: string): Promise<string> {
  await mkdir(join(dir, 'dist'), { recursive: true })
  await cp(join(ROOT, 'bin'), join(dir, 'bin'), { recursive: true })
  await cp(join(ROOT, 'dist', 'src'), join(dir, 'dist', 'src'), { recursive: true })
  for (const name of [...SHARED, join('dist', 'page')]) await symlink(join(ROOT, name), join(dir, name))
  const file = join(dir, 'dist', 'src', 'pipeline', 'partition-meta.js')
  const code = await readFile(file, 'utf8')
  const raised = code.replace(
    /^const FORMAT = (\d+);$/m,
    (_, format: string) => `const FORMAT = ${Number(format) + 1};`,
  )
  if (raised === code) throw new Error(`no format was found in ${file}`)
  await writeFile(file, raised)
  return join(dir, 'bin', 'tidecast.js')
}
