import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { filesUnder, sha256Of } from './hash.mjs'
import { modules, root } from './paths.mjs'
import { run, which } from './run.mjs'
import { tensorflowVersion } from './wheels.mjs'

const headers = join(modules, 'node-api-headers', 'include')
const common = [
  '-O2',
  '-std=c++17',
  '-fPIC',
  '-shared',
  '-DNAPI_VERSION=8',
  `-I${headers}`,
  // Node unloads an addon with the worker that loaded it; what TensorFlow has registered to run at exit would be gone.
  '-Wl,-z,nodelete',
]

/** What vector code of a loop needs, with what is not a number staying so. */
const forVectors = ['-O3', '-fno-math-errno', '-fno-trapping-math', '-ffp-contract=fast', '-Wno-psabi']

/** The compilers that are tried, in this order. */
export function compiler() {
  for (const name of [process.env.CXX, 'g++', 'c++', 'clang++']) {
    const path = name ? which(name) : null
    if (path !== null) return path
  }
  return null
}

function sources(folder) {
  return filesUnder(folder, (name) => /\.(cc|h)$/.test(name)).map((name) => join(folder, name))
}

/** Our own few functions (native/thread/): signal mask and environment of a thread. */
export function compileThreadModule({ cache, force, report }) {
  const files = sources(join(root, 'native', 'thread'))
  const key = sha256Of(['thread', process.arch, ...common], files)
  return compile({
    cache,
    name: `thread-${key.slice(0, 16)}.node`,
    what: 'native/thread/',
    files,
    flags: [],
    force,
    report,
  })
}

/**
 * The npm package's own binding sources, and our operations with them (native/ops/), against the unpacked TensorFlow. The
 * folder is part of the key, since it is compiled in as the run path. A compiler that cannot do ours makes the binding
 * without them: TensorFlow's own then do.
 */
export async function compileBinding({ cache, tensorflow, force, report }) {
  const packageFolder = join(modules, '@tensorflow', 'tfjs-node')
  const binding = join(packageFolder, 'binding')
  const libraries = join(tensorflow, 'tensorflow')
  const flags = [
    '-DNODE_GYP_MODULE_NAME=tfjs_binding',
    `-I${join(libraries, 'include')}`,
    `-I${binding}`,
    `-I${packageFolder}`,
    `-L${libraries}`,
    `-Wl,-rpath,${libraries}`,
    '-ltensorflow',
    '-ltensorflow_framework',
  ]
  const compileWith = (operations, more) => {
    const files = [...sources(binding), ...operations]
    const strings = ['binding', process.arch, tensorflowVersion, tensorflow, ...common, ...more]
    return compile({
      cache,
      name: `tfjs-${sha256Of(strings, files).slice(0, 16)}.node`,
      what: `the tfjs-node binding against TensorFlow ${tensorflowVersion}`,
      files,
      flags: [...more, ...flags],
      force,
      report,
    })
  }
  try {
    return await compileWith(sources(join(root, 'native', 'ops')), forVectors)
  } catch (error) {
    report.warn('compile', `without native/ops: ${error.message}`)
    return await compileWith([], [])
  }
}

async function compile({ cache, name, what, files, flags, force, report }) {
  const result = join(cache, 'compiled', name)
  if (!force && existsSync(result)) return result
  const program = compiler()
  if (program === null) throw new Error('a C++ compiler is needed (Debian, Ubuntu: apt-get install g++)')
  const started = performance.now()
  const temporary = `${result}.${process.pid}.tmp`
  mkdirSync(dirname(result), { recursive: true })
  const units = files.filter((file) => file.endsWith('.cc'))
  const outcome = await run(program, [...common, ...units, '-o', temporary, ...flags], {
    timeoutMs: 5 * 60_000,
  })
  if (!outcome.ok) {
    rmSync(temporary, { force: true })
    throw new Error(`${what} could not be compiled: ${outcome.reason}`)
  }
  renameSync(temporary, result)
  report.done('compile', `compiled ${what}`, started)
  return result
}
