import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { BackendInfo } from '../../ports/engine.js'
import { applyEnvironment, tensorflowEnvironment } from './environment.js'
import { loadNative } from './native.js'
import { defineRemovedUtilities } from './node-shims.js'
import { blockAllSignals } from './sigmask.js'
import { registerSegmentSum } from './wasm-kernels.js'

export type Tfjs = typeof import('@tensorflow/tfjs-core')
export type WantedBackend = 'auto' | 'tensorflow' | 'wasm' | 'cpu'
/** `auto` takes a CUDA device where there is one. */
export type WantedDevice = 'auto' | 'gpu' | 'cpu'

export interface BackendOptions {
  /** Default `cpu`: no device is touched, let alone held. */
  readonly device?: WantedDevice
  /** This thread's `process.env`: only written to where the native module is missing (see `applyEnvironment`). */
  readonly env?: Record<string, string | undefined>
}

export interface LoadedBackend {
  readonly tf: Tfjs
  readonly info: BackendInfo
}

/** No backend of the wanted kind could be loaded, or not on the wanted device. */
export class BackendError extends Error {
  override readonly name = 'BackendError'
  constructor(
    wanted: string,
    readonly reasons: readonly string[],
  ) {
    super(`${wanted}: ${reasons.join('; ')}; "tidecast doctor" says more`)
  }
}

type Loader = (
  tf: Tfjs,
  require: NodeJS.Require,
) => Promise<Pick<BackendInfo, 'name' | 'version' | 'devices'>>
interface Candidate {
  readonly label: string
  readonly load: Loader
}

/**
 * Loads the tensor library on the calling thread, which must be the one that will use it, and on which TensorFlow must
 * not have been loaded before: its signals are blocked for good, first. `auto` takes the fastest backend that loads and
 * says in `info.fallbacks` what was passed over and why; a backend asked for by name is loaded or refused.
 */
export async function loadBackend(
  wanted: WantedBackend,
  threads: number,
  { device = 'cpu', env = {} }: BackendOptions = {},
): Promise<LoadedBackend> {
  const gpu = device !== 'cpu'
  const native = loadNative()
  const mask = blockAllSignals(native)
  const signalsBlocked = mask.kind === 'blocked'
  applyEnvironment(tensorflowEnvironment({ threads, gpu, signalsBlocked }), native, env)
  defineRemovedUtilities()

  // The packages are CommonJS: tfjs-node registers its backend in the tfjs-core that `require` finds, which is the one
  // that an `import` finds too.
  const require = createRequire(import.meta.url)
  const tf = require('@tensorflow/tfjs-core') as Tfjs
  const reasons: string[] = []
  if (device === 'gpu') refuseWithoutCuda(wanted, require)
  for (const { label, load } of candidates(wanted, gpu && gpuBuildInstalled(require))) {
    try {
      const loaded = await load(tf, require)
      if (device === 'gpu' && !loaded.devices.includes('GPU:0')) throw new BackendError(NO_GPU, [NO_DEVICE])
      const fallbacks =
        mask.kind === 'blocked' ? reasons : [...reasons, `signals not blocked: ${mask.reason}`]
      return { tf, info: { ...loaded, signalsBlocked, fallbacks } }
    } catch (error) {
      if (error instanceof BackendError) throw error
      const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
      reasons.push(`${label}: ${message}`)
    }
  }
  throw new BackendError(`the ${wanted} backend cannot be loaded`, reasons)
}

const NO_GPU = 'a GPU was asked for, and there is none to use'
const NO_DEVICE =
  'TensorFlow finds no CUDA device: is a driver installed, and does CUDA_VISIBLE_DEVICES name one?'

function refuseWithoutCuda(wanted: WantedBackend, require: NodeJS.Require): void {
  if (wanted === 'wasm' || wanted === 'cpu')
    throw new BackendError(NO_GPU, [`the ${wanted} backend runs on the processor`])
  if (gpuBuildInstalled(require)) return
  throw new BackendError(NO_GPU, ['TensorFlow was set up without CUDA; "npm run setup -- --cuda" adds it'])
}

function candidates(wanted: WantedBackend, useGpu: boolean): readonly Candidate[] {
  const tensorflow = [
    ...(useGpu ? [{ label: 'tfjs-node-gpu', load: loadTensorFlow('@tensorflow/tfjs-node-gpu') }] : []),
    { label: 'tfjs-node', load: loadTensorFlow('@tensorflow/tfjs-node') },
  ]
  const wasm = { label: 'wasm', load: loadWasm }
  const cpu = { label: 'cpu', load: loadCpu }
  switch (wanted) {
    case 'auto':
      return [...tensorflow, wasm, cpu]
    case 'tensorflow':
      return tensorflow
    case 'wasm':
      return [wasm]
    case 'cpu':
      return [cpu]
  }
}

/** Without the file the package must not even be loaded: it would register the same kernels as tfjs-node once more. */
function gpuBuildInstalled(require: NodeJS.Require): boolean {
  const folder = dirname(require.resolve('@tensorflow/tfjs-node-gpu/package.json'))
  return existsSync(join(folder, 'lib', 'napi-v8', 'tfjs_binding.node'))
}

interface NativeBackend {
  readonly binding: { readonly TF_Version: string }
  readonly isUsingGpuDevice: boolean
}

function loadTensorFlow(packageName: string): Loader {
  return async (tf, require) => {
    require(packageName)
    await select(tf, 'tensorflow')
    const backend = tf.backend() as unknown as NativeBackend
    return {
      name: 'tensorflow',
      version: backend.binding.TF_Version,
      devices: [backend.isUsingGpuDevice ? 'GPU:0' : 'CPU:0'],
    }
  }
}

const loadWasm: Loader = async (tf, require) => {
  require('@tensorflow/tfjs') // registers the gradients, which tfjs-core alone does not
  const wasm = require('@tensorflow/tfjs-backend-wasm') as typeof import('@tensorflow/tfjs-backend-wasm')
  wasm.setWasmPaths(join(dirname(require.resolve('@tensorflow/tfjs-backend-wasm')), '/'))
  registerSegmentSum(tf)
  await select(tf, 'wasm')
  return { name: 'wasm', version: tf.version_core, devices: ['CPU:0'] }
}

const loadCpu: Loader = async (tf, require) => {
  require('@tensorflow/tfjs')
  await select(tf, 'cpu')
  // Its advice on first use (to install a package that is installed) would contradict `fallbacks`.
  ;(tf.backend() as unknown as { firstUse: boolean }).firstUse = false
  return { name: 'cpu', version: tf.version_core, devices: ['CPU:0'] }
}

async function select(tf: Tfjs, name: string): Promise<void> {
  if (!(await tf.setBackend(name))) throw new Error(`backend ${name} did not start`)
  await tf.ready()
}
