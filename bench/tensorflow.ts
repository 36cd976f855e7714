import { loadBackend } from '../src/adapters/tensorflow/backend.js'
import type { TensorFlow } from '../src/model/tensorflow.js'

let loaded: Promise<TensorFlow> | undefined

/** TensorFlow on this thread, with the settings of the engine and the trainer: one thread per operation. */
export function tensorflow(): Promise<TensorFlow> {
  return (loaded ??= loadBackend('tensorflow', 1, { env: process.env }).then(({ tf }) => tf))
}
