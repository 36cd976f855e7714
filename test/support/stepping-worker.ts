import { createRequire } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import { loadBackend } from '../../src/adapters/tensorflow/backend.js'
import { applyEnvironment, tensorflowEnvironment } from '../../src/adapters/tensorflow/environment.js'
import { loadNative } from '../../src/adapters/tensorflow/native.js'
import { defineRemovedUtilities } from '../../src/adapters/tensorflow/node-shims.js'

/**
 * Steps a GRU without end, as the engine does. Without the mask it loads TensorFlow bare: the control group that shows
 * that the storm is able to kill.
 */
export interface SteppingOptions {
  readonly masked: boolean
}

const size = 64
const { masked } = workerData as SteppingOptions

async function load(): Promise<typeof import('@tensorflow/tfjs-core')> {
  if (masked) return (await loadBackend('tensorflow', 1)).tf
  // The same settings, so that the mask is the only difference.
  applyEnvironment(tensorflowEnvironment({ threads: 1, gpu: false, signalsBlocked: true }), loadNative(), {})
  defineRemovedUtilities()
  const require = createRequire(import.meta.url)
  require('@tensorflow/tfjs-node')
  return require('@tensorflow/tfjs-core') as typeof import('@tensorflow/tfjs-core')
}

const tf = await load()
const backend = tf.backend() as unknown as {
  executeMultipleOutputs(
    op: string,
    attributes: unknown[],
    inputs: unknown[],
    outputs: number,
  ): import('@tensorflow/tfjs-core').Tensor[]
}
const x = tf.randomUniform([size, size])
const gates = tf.randomUniform([2 * size, 2 * size], -0.1, 0.1)
const candidate = tf.randomUniform([2 * size, size], -0.1, 0.1)
const gatesBias = tf.zeros([2 * size])
const candidateBias = tf.zeros([size])
let hidden: import('@tensorflow/tfjs-core').Tensor = tf.zeros([size, size])

for (let steps = 0; ; steps++) {
  const [r, u, c, next] = backend.executeMultipleOutputs(
    'GRUBlockCell',
    [],
    [x, hidden, gates, candidate, gatesBias, candidateBias],
    4,
  )
  tf.dispose([r!, u!, c!, hidden])
  hidden = next!
  if (steps % 2000 === 0) {
    const finite = hidden.dataSync().every(Number.isFinite)
    parentPort?.postMessage({ steps, finite })
  }
}
