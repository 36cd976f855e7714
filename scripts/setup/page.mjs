import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { readJson, writeAtomically } from './atomic.mjs'
import { filesUnder, sha256Of } from './hash.mjs'
import { modules, root } from './paths.mjs'
import { run } from './run.mjs'

const source = join(root, 'src', 'page')
const result = join(root, 'dist', 'page')
const stamp = join(root, 'dist', '.tidecast-page.json')

/** Checks the page's types and bundles it into dist/page/ when it changed: hashed names, each file gzipped beside itself. */
export async function buildPage({ lock, force, report }) {
  const inputs = inputsOf(lock)
  if (!force && readJson(stamp)?.inputs === inputs) {
    report.done('page', 'up to date')
    return
  }
  const started = performance.now()
  report.line('page', 'bundling …')
  const tsc = join(modules, 'typescript', 'bin', 'tsc')
  const outcome = await run(process.execPath, [tsc, '-p', source, '--pretty', 'false'], {
    cwd: root,
    timeoutMs: 5 * 60_000,
  })
  if (!outcome.ok) throw new Error(`the page does not compile:\n${outcome.output.trim()}`)
  await bundle()
  writeAtomically(stamp, JSON.stringify({ inputs }))
  report.done('page', 'bundled', started)
}

/** What it is made of may also be the types of what HTTP answers, but those change no byte of it. */
function inputsOf(lock) {
  const states = filesUnder(source, () => true).map((name) => {
    const { size, mtimeMs } = statSync(join(source, name))
    return `${name}:${size}:${mtimeMs}`
  })
  return sha256Of([lock, ...states])
}

async function bundle() {
  // Only here: what has been built runs without the bundler.
  const { build, stop } = await import('esbuild')
  const { outputFiles } = await build({
    entryPoints: { page: join(source, 'main.tsx'), style: join(source, 'styles', 'page.css') },
    tsconfig: join(source, 'tsconfig.json'),
    outdir: result,
    entryNames: '[name]-[hash]',
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: ['chrome120', 'firefox120', 'safari17.2'],
    legalComments: 'inline',
    logLevel: 'silent',
  }).finally(stop) // its process would go on beside the daemon that this one may become
  const files = outputFiles.map(({ path, contents }) => ({ name: basename(path), contents }))
  const named = (ending) => files.find(({ name }) => name.endsWith(ending)).name
  const html = readFileSync(join(source, 'index.html'), 'utf8')
    .replace('{{script}}', named('.js'))
    .replace('{{style}}', named('.css'))
  rmSync(result, { recursive: true, force: true })
  mkdirSync(result, { recursive: true })
  for (const { name, contents } of [...files, { name: 'index.html', contents: Buffer.from(html) }]) {
    writeFileSync(join(result, name), contents)
    writeFileSync(join(result, `${name}.gz`), gzipSync(contents, { level: 9 }))
  }
}
