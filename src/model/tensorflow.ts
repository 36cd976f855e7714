import type { Tensor } from '@tensorflow/tfjs-core'

/** The tensor library is handed in: which backend it runs on is decided at start. */
export type TensorFlow = typeof import('@tensorflow/tfjs-core')

interface NativeBackend {
  executeMultipleOutputs(
    op: string,
    attributes: readonly object[],
    inputs: readonly Tensor[],
    outputs: number,
  ): Tensor[]
}

/** Runs a registered TensorFlow op by name; only the native backend can. Attributes follow from the inputs. */
export function runOp(tf: TensorFlow, op: string, inputs: readonly Tensor[], outputs = 1): Tensor[] {
  return (tf.backend() as unknown as NativeBackend).executeMultipleOutputs(op, [], inputs, outputs)
}
