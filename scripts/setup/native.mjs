import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installFile, readJson, writeAtomically } from './atomic.mjs'
import { compileBinding, compiler, compileThreadModule } from './compile.mjs'
import { filesUnder, sha256Of } from './hash.mjs'
import { bindingPath, cacheFolder, nativeRecord, root, threadModule } from './paths.mjs'
import { installPrebuilt } from './prebuilt.mjs'
import { run, which } from './run.mjs'
import { downloadTools, provideTensorflow, tensorflowIntact } from './tensorflow.mjs'
import { tensorflowVersion } from './wheels.mjs'

const probeProgram = fileURLToPath(new URL('probe.cjs', import.meta.url))

/**
 * Provides TensorFlow and the thread module, or the next best thing, and records which. Nothing here is fatal: without
 * native code the portable backend works, slowly, and says so.
 * @returns {{kind: 'compiled' | 'prebuilt' | 'portable', tensorflow: string | null, cuda: boolean, cache: string | null, threadModule: boolean, reasons: string[]}}
 */
export async function provideNative({ lock, cuda, native, force, report }) {
  const cache = cacheFolder(process.env)
  const inputs = inputsOf({ lock, cuda, native, cache })
  const previous = readJson(nativeRecord)
  if (!force && previous?.inputs === inputs && (await stillThere(previous))) {
    report.done('native', describe(previous))
    return previous
  }
  const record = { inputs, ...(await provide({ cache, cuda, native, force, report })) }
  writeAtomically(nativeRecord, JSON.stringify(record, null, 2))
  if (record.kind === 'portable') warnPortable(record, report)
  else report.done('native', describe(record))
  return record
}

/** Everything that may change the outcome: a failure is remembered until one of these changes. */
function inputsOf({ lock, cuda, native, cache }) {
  const sources = filesUnder(join(root, 'native'), (name) => /\.(cc|h)$/.test(name))
  const scripts = filesUnder(join(root, 'scripts', 'setup'), () => true)
  return sha256Of(
    [
      lock,
      cache,
      process.platform,
      process.arch,
      `cuda=${cuda ?? 'auto'}`,
      `native=${native}`,
      `nvidia-smi=${which('nvidia-smi') ?? ''}`,
      `compiler=${compiler() ?? ''}`,
      ...downloadTools(),
    ],
    [
      ...sources.map((name) => join(root, 'native', name)),
      ...scripts.map((name) => join(root, 'scripts', 'setup', name)),
    ],
  )
}

async function stillThere(record) {
  if (record.threadModule && !existsSync(threadModule)) return false
  if (record.kind === 'portable') return true
  if (!existsSync(bindingPath('tfjs-node'))) return false
  return record.kind === 'prebuilt' || tensorflowIntact(record.cache)
}

async function provide({ cache, cuda, native, force, report }) {
  const reasons = []
  const attempt = async (step, action) => {
    try {
      return (await action()) ?? true
    } catch (error) {
      report.warn(step, error.message)
      if (!reasons.includes(error.message)) reasons.push(error.message)
      return null
    }
  }
  const portable = {
    kind: 'portable',
    tensorflow: null,
    cuda: false,
    cache: null,
    threadModule: false,
    reasons,
  }
  removeBindings()
  rmSync(threadModule, { force: true })
  if (!native) return { ...portable, reasons: ['--no-native was given'] }

  const supported = process.platform === 'linux' && process.arch === 'x64'
  if (!supported)
    reasons.push(`TensorFlow is compiled in on linux x64 only, this is ${process.platform} ${process.arch}`)
  const compiledModule =
    process.platform === 'linux'
      ? await attempt('compile', async () =>
          installFile(await compileThreadModule({ cache, force, report }), threadModule),
        )
      : null
  const base = { ...portable, threadModule: compiledModule !== null }

  if (supported) {
    const useCuda = cuda ?? (await nvidiaAnswers())
    for (const variant of useCuda ? ['cuda12', 'cpu'] : ['cpu']) {
      const done = await attempt('native', () => installCompiled({ cache, variant, force, report }))
      if (done !== null) return { ...base, kind: 'compiled', ...done }
    }
  }
  const prebuilt = await attempt('prebuilt', async () => {
    await installPrebuilt({ report })
    return { kind: 'prebuilt', tensorflow: (await probe('tfjs-node')).version }
  })
  if (prebuilt !== null) return { ...base, ...prebuilt }
  removeBindings()
  return base
}

async function installCompiled({ cache, variant, force, report }) {
  // The compiler is asked for first: without one the download would be for nothing.
  if (compiler() === null) throw new Error('a C++ compiler is needed (Debian, Ubuntu: apt-get install g++)')
  const tensorflow = await provideTensorflow({ cache, variant, force, report })
  const binding = await compileBinding({ cache, tensorflow, force, report })
  const cuda = variant !== 'cpu'
  const packages = cuda ? ['tfjs-node', 'tfjs-node-gpu'] : ['tfjs-node']
  for (const name of packages) installFile(binding, bindingPath(name))
  const { version } = await probe(packages.at(-1))
  if (version !== tensorflowVersion)
    throw new Error(`TensorFlow ${version} answers instead of ${tensorflowVersion}`)
  return { tensorflow: version, cuda, cache: tensorflow }
}

async function probe(packageName) {
  const answer = await run(process.execPath, [probeProgram, `@tensorflow/${packageName}`], {
    cwd: root,
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2' },
    timeoutMs: 2 * 60_000,
  })
  if (!answer.ok) throw new Error(`TensorFlow does not load: ${answer.reason}`)
  return JSON.parse(answer.stdout.trim().split('\n').at(-1))
}

function removeBindings() {
  for (const name of ['tfjs-node', 'tfjs-node-gpu']) rmSync(bindingPath(name), { force: true })
}

async function nvidiaAnswers() {
  if (which('nvidia-smi') === null) return false
  return (await run('nvidia-smi', ['-L'], { timeoutMs: 20_000 })).ok
}

function describe(record) {
  switch (record.kind) {
    case 'compiled':
      return `TensorFlow ${record.tensorflow} (${record.cuda ? 'CUDA' : 'CPU'}), compiled binding`
    case 'prebuilt':
      return `TensorFlow ${record.tensorflow}, prebuilt binding`
    default:
      return `portable backend (${record.reasons.join('; ')}); "npm run setup -- --force" tries again`
  }
}

function warnPortable(record, report) {
  report.warn('native', 'TensorFlow is not available: the portable backend is used, 10 to 100 times slower')
  for (const reason of record.reasons) report.warn('native', `because ${reason}`)
  report.warn('native', 'to get it: Linux x64 with python3, pip and g++, then "npm run setup -- --force"')
}
