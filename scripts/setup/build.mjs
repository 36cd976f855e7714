import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { readJson, writeAtomically } from './atomic.mjs'
import { sha256Of } from './hash.mjs'
import { modules, root } from './paths.mjs'
import { run } from './run.mjs'

const dist = join(root, 'dist')
const stamp = join(dist, '.tidecast-build.json')
const folders = ['src', 'test', 'bench', 'deploy/grafana/src']

/** Compiles the TypeScript sources into dist/ when one of them changed. Throws with the compiler's messages. */
export async function build({ lock, force, report }) {
  const inputs = inputsOf(lock)
  if (!force && readJson(stamp)?.inputs === inputs) {
    report.done('build', 'up to date')
    return
  }
  const started = performance.now()
  report.line('build', 'compiling TypeScript …')
  removeOrphans()
  const tsc = join(modules, 'typescript', 'bin', 'tsc')
  const outcome = await run(process.execPath, [tsc, '-p', root, '--pretty', 'false'], {
    cwd: root,
    timeoutMs: 5 * 60_000,
  })
  if (!outcome.ok) throw new Error(`TypeScript does not compile:\n${outcome.output.trim()}`)
  writeAtomically(stamp, JSON.stringify({ inputs }))
  report.done('build', 'compiled', started)
}

function sources() {
  return folders.flatMap((folder) => tree(folder, '.ts'))
}

function inputsOf(lock) {
  const states = [...sources(), 'tsconfig.json'].map((name) => {
    const { size, mtimeMs } = statSync(join(root, name))
    return `${name}:${size}:${mtimeMs}`
  })
  return sha256Of([lock, ...states])
}

/** A deleted test must not go on running from dist/. */
function removeOrphans() {
  const wanted = new Set(sources().map((name) => name.replace(/\.ts$/, '')))
  for (const name of tree(join('dist'), '.js')) {
    const source = name.slice('dist/'.length).replace(/\.js$/, '')
    if (wanted.has(source) || source.startsWith('page/')) continue
    for (const ending of ['.js', '.js.map']) rmSync(join(dist, `${source}${ending}`), { force: true })
    // The incremental record would otherwise take the output for present if the source came back.
    rmSync(join(dist, '.tsbuildinfo'), { force: true })
  }
}

function tree(folder, ending) {
  let entries
  try {
    entries = readdirSync(join(root, folder), { recursive: true })
  } catch {
    return []
  }
  return entries
    .filter((name) => name.endsWith(ending))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .sort()
}
