import { runOp, type NativeBackend, type TensorFlow } from './tensorflow.js'

const known = new WeakMap<object, boolean>()

/**
 * Whether the operations of native/ops are there: they are compiled into the binding, if set-up could, and run on the
 * processor. Where TensorFlow has a device, its own operations keep the numbers on it.
 */
export function hasCompiledOps(tf: TensorFlow): boolean {
  const backend = tf.backend()
  let has = known.get(backend)
  if (has === undefined) known.set(backend, (has = probe(tf, backend as unknown as NativeBackend)))
  return has
}

function probe(tf: TensorFlow, backend: NativeBackend): boolean {
  if (backend.isUsingGpuDevice) return false
  return tf.tidy(() => {
    const one = tf.zeros([1, 1])
    try {
      runOp(tf, 'TidecastRnnStep', [one, one, tf.zeros([2, 1]), tf.zeros([1])])
      return true
    } catch {
      return false // TensorFlow knows no operation of this name
    }
  })
}
