import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import process from 'node:process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { tensorflowEnvironment } from '../../../src/adapters/tensorflow/environment.js'
import { loadNative } from '../../../src/adapters/tensorflow/native.js'
import { probeCuda } from '../../../src/cli/cuda-probe.js'
import { blockAllSignals } from '../../../src/adapters/tensorflow/sigmask.js'
import { unlessAvailable } from '../../support/requirement.js'
import type { BackendReport, BackendRequest } from '../../support/backend-process.js'

const binding = new URL(
  '../../../../node_modules/@tensorflow/tfjs-node/lib/napi-v8/tfjs_binding.node',
  import.meta.url,
)
const skip = unlessAvailable(
  existsSync(binding) && loadNative().kind === 'loaded',
  'the compiled TensorFlow binding and native module',
)

async function load(request: BackendRequest): Promise<BackendReport> {
  const program = fileURLToPath(new URL('../../support/backend-process.js', import.meta.url))
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, JSON.stringify(request)], {
    timeout: 60_000,
  })
  assert.equal(stderr, '', 'nothing is written that a user would have to explain away')
  return JSON.parse(stdout) as BackendReport
}

test('TensorFlow runs in a worker, in the same tfjs-core that an import finds', { skip }, async () => {
  const report = await load({ wanted: 'tensorflow', threads: 1 })
  assert.equal(report.info.name, 'tensorflow')
  assert.match(report.info.version, /^2\.\d+\.\d+$/)
  assert.equal(report.sameInstance, true)
  assert.equal(report.product, 8)
})

test(
  'every signal that can be blocked is blocked on all threads that TensorFlow started',
  { skip },
  async () => {
    const report = await load({ wanted: 'tensorflow', threads: 1 })
    assert.equal(report.info.signalsBlocked, true)
    assert.ok(report.newThreadMasks.length > 0)
    for (const mask of report.newThreadMasks) {
      const blocked = (signal: number): boolean => ((BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n) === 1n
      for (const name of ['SIGHUP', 'SIGCHLD', 'SIGWINCH', 'SIGUSR2', 'SIGTERM', 'SIGPROF'] as const) {
        assert.equal(blocked(constants.signals[name]), true, name)
      }
      for (const name of ['SIGSEGV', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGABRT', 'SIGTRAP'] as const) {
        assert.equal(blocked(constants.signals[name]), false, name)
      }
    }
  },
)

test('the number of threads set in a worker is what TensorFlow uses', { skip }, async () => {
  const [one, four] = [
    await load({ wanted: 'tensorflow', threads: 1 }),
    await load({ wanted: 'tensorflow', threads: 4 }),
  ]
  assert.equal(four.intraOpThreads, '4')
  assert.ok(
    four.newThreadMasks.length > one.newThreadMasks.length,
    `${one.newThreadMasks.length} and ${four.newThreadMasks.length} threads`,
  )
})

for (const wanted of ['wasm', 'cpu'] as const) {
  test(`the portable ${wanted} backend computes the same`, async () => {
    const report = await load({ wanted, threads: 1 })
    assert.equal(report.info.name, wanted)
    assert.equal(report.product, 8)
    assert.equal(report.sameInstance, true)
  })
}

test('without the native module signals stay open, and TensorFlow is kept off the kernels they corrupt', () => {
  const native = loadNative('/nowhere/tidecast.node')
  assert.equal(native.kind, 'missing')
  const mask = blockAllSignals(native)
  assert.equal(mask.kind, 'unavailable')
  const settings = tensorflowEnvironment({ threads: 1, gpu: true, signalsBlocked: false })
  assert.equal(settings['TENSORFLOW_USE_CUSTOM_CONTRACTION_KERNEL'], '0')
})

test('a GPU that is asked for and not there is an error that says what to do, not a slow training', async (context) => {
  const answer = await probeCuda({ backend: 'auto' }, { ...process.env, CUDA_VISIBLE_DEVICES: '-1' })
  assert.equal(answer.kind, 'unusable')
  assert.match(answer.reason, /npm run setup -- --cuda|finds no CUDA device/)
  const portable = await probeCuda({ backend: 'wasm' }, process.env)
  assert.equal(portable.kind, 'unusable')
  assert.match(portable.reason, /the wasm backend runs on the processor/)
  context.diagnostic(answer.reason)
})

test('a trainer may share the GPU it takes, and nobody else touches one', () => {
  const settings = (gpu: boolean) => tensorflowEnvironment({ threads: 1, gpu, signalsBlocked: true })
  assert.equal(settings(true)['TF_FORCE_GPU_ALLOW_GROWTH'], 'true')
  assert.equal(settings(true)['CUDA_VISIBLE_DEVICES'], undefined)
  assert.equal(settings(false)['CUDA_VISIBLE_DEVICES'], '-1')
})
