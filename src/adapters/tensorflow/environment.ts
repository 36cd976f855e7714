import type { NativeModule } from './native.js'

export interface TensorFlowSettings {
  /** Threads within one operation. More than one makes small waves slower. */
  readonly threads: number
  readonly gpu: boolean
  readonly signalsBlocked: boolean
}

/** TensorFlow's settings, which it reads from the environment when it is loaded, once per process. */
export function tensorflowEnvironment(settings: TensorFlowSettings): Readonly<Record<string, string>> {
  return {
    TF_NUM_INTRAOP_THREADS: String(settings.threads),
    // Errors only: no banner about instruction sets or a missing CUDA.
    TF_CPP_MIN_LOG_LEVEL: '2',
    // Makes no difference in speed for the products of a recurrent step, and its banner cannot be silenced otherwise.
    TF_ENABLE_ONEDNN_OPTS: '0',
    // A device is shared: memory is taken as it is needed, and is free again when the process ends.
    ...(settings.gpu ? { TF_FORCE_GPU_ALLOW_GROWTH: 'true' } : { CUDA_VISIBLE_DEVICES: '-1' }),
    // Keeps matrix products away from the kernels that a signal handler would corrupt; 25 to 40 % slower.
    ...(settings.signalsBlocked ? {} : { TENSORFLOW_USE_CUSTOM_CONTRACTION_KERNEL: '0' }),
  }
}

/**
 * Writes to the real environment of the process, from any thread. Without the native module, `env` must be the
 * `process.env` of the main thread or of a worker made with `env: SHARE_ENV`; the copy that other workers have is not
 * what TensorFlow reads.
 */
export function applyEnvironment(
  values: Readonly<Record<string, string>>,
  native: NativeModule,
  env: Record<string, string | undefined>,
): void {
  for (const [name, value] of Object.entries(values)) {
    if (native.kind === 'loaded') native.functions.setEnvironment(name, value)
    else env[name] = value
  }
}
