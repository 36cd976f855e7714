import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { filesUnder } from './setup/hash.mjs'
import { setup } from './setup/index.mjs'
import { modules, root } from './setup/paths.mjs'

const help = `Usage: node scripts/test.mjs [options] [part of a test file's path ...]

Set-up, formatting, lint, types and all tests. With names, only the tests of files whose path contains one of them.

  --long   also the tests that take minutes (TIDECAST_LONG=1)
  --help

Under CI (the variable CI is set) a test that lacks a tool fails instead of being skipped.
`

const { values, positionals } = parseArgs({
  options: {
    long: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
  allowPositionals: true,
})

if (values.help) process.stdout.write(help)
else process.exitCode = await main()

async function main() {
  const failed = []
  const step = async (name, args, env = {}) => {
    const started = performance.now()
    const ok = await foreground(args, env)
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    process.stderr.write(`${ok ? 'passed' : 'FAILED'}: ${name} (${seconds} s)\n`)
    if (!ok) failed.push(name)
  }
  try {
    // Compiles with full type checks.
    await setup()
  } catch (error) {
    process.stderr.write(`FAILED: set-up: ${error.message}\n`)
    return 1
  }
  if (positionals.length === 0) {
    await step('formatting', [
      join(modules, 'prettier', 'bin', 'prettier.cjs'),
      '--check',
      '--log-level=warn',
      '.',
    ])
    await step('lint', [join(modules, 'eslint', 'bin', 'eslint.js'), '--max-warnings=0', '.'])
  }
  const files = testFiles()
  // Without files Node would run all there are.
  if (files.length === 0) {
    process.stderr.write(`FAILED: no test's path contains ${positionals.join(' or ')}\n`)
    return 1
  }
  await step('tests', testArguments(files), values.long ? { TIDECAST_LONG: '1' } : {})
  process.stderr.write(failed.length === 0 ? 'all passed\n' : `failed: ${failed.join(', ')}\n`)
  return failed.length === 0 ? 0 : 1
}

/** Those whose path, of source or compiled, contains one of the parts; all where there is none. */
function testFiles() {
  const parts = positionals.map((part) => part.replace(/\.ts$/, '.js'))
  const folder = join(root, 'dist')
  return filesUnder(join(folder, 'test'), (name) => name.endsWith('.test.js'))
    .map((name) => join('test', name))
    .filter((name) => parts.length === 0 || parts.some((part) => name.includes(part)))
    .map((name) => join(folder, name))
}

/** Files are named one by one: Node 20 does not expand patterns. */
function testArguments(files) {
  const limitMs = values.long ? 60 * 60_000 : 5 * 60_000
  return ['--test', '--test-reporter=spec', '--test-concurrency=2', `--test-timeout=${limitMs}`, ...files]
}

function foreground(args, env) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, ...env },
    })
    child.on('error', () => resolve(false))
    child.on('close', (code) => resolve(code === 0))
  })
}
