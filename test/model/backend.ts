import { createRequire } from 'node:module'
import type { TensorFlow } from '../../src/model/tensorflow.js'

/** The native backend. Tests run on one intra-op thread, as the engine does. */
export function tensorflow(): TensorFlow {
  return createRequire(import.meta.url)('@tensorflow/tfjs-node') as TensorFlow
}
