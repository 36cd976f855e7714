import type { Tensor } from '@tensorflow/tfjs-core'

/** The tensor library is handed in: which backend it runs on is decided at start. */
export type TensorFlow = typeof import('@tensorflow/tfjs-core')

/** What tfjs-node's backend has beside what every backend has. */
export interface NativeBackend {
  readonly binding: Binding
  readonly isUsingGpuDevice: boolean
  executeMultipleOutputs(
    op: string,
    attributes: readonly object[],
    inputs: readonly Tensor[],
    outputs: number,
  ): Tensor[]
  getInputTensorIds(inputs: readonly Tensor[]): number[]
  createOutputTensor(made: Made): Tensor
}

export interface Binding {
  readonly TF_INT64: number
  readonly TF_ATTR_FLOAT: number
  readonly TF_ATTR_BOOL: number
  readonly TF_ATTR_INT: number
  readonly TF_ATTR_TYPE: number
  readonly TF_FLOAT: number
  createTensor(shape: readonly number[], type: number, values: Int32Array): number
  deleteTensor(id: number): void
  executeOp(
    op: string,
    attributes: readonly object[],
    inputs: readonly number[],
    outputs: number,
  ): readonly Made[]
}

interface Made {
  /** The binding's handle of the new tensor. */
  readonly id: number
}

/** A number is a float. What is not named here follows from the inputs or has TensorFlow's default. */
export type OpAttributes = Readonly<Record<string, number | boolean>>

/** Runs a registered TensorFlow op by name; only the native backend can. */
export function runOp(
  tf: TensorFlow,
  op: string,
  inputs: readonly Tensor[],
  outputs = 1,
  attributes?: OpAttributes,
): Tensor[] {
  const backend = tf.backend() as unknown as NativeBackend
  const list = attributes === undefined ? [] : attributeList(backend.binding, attributes)
  return backend.executeMultipleOutputs(op, list, inputs, outputs)
}

/** The same for an op of whose results only some are wanted, by their places: the rest never become tensors. */
export function runOpKeeping(
  tf: TensorFlow,
  op: string,
  inputs: readonly Tensor[],
  keep: readonly number[],
  outputs: number,
  attributes?: OpAttributes,
): Tensor[] {
  const backend = tf.backend() as unknown as NativeBackend
  const { binding } = backend
  const list = attributes === undefined ? [] : attributeList(binding, attributes)
  const made = binding.executeOp(op, list, backend.getInputTensorIds(inputs), outputs)
  for (let i = 0; i < made.length; i++) if (!keep.includes(i)) binding.deleteTensor(made[i]!.id)
  return keep.map((i) => backend.createOutputTensor(made[i]!))
}

/** The same for an op whose first input is a whole number of 64 bits, which tensors of the library cannot hold. */
export function runCountedOp(
  tf: TensorFlow,
  op: string,
  count: number,
  inputs: readonly Tensor[],
  outputs: number,
  attributes: OpAttributes = {},
): Tensor[] {
  const backend = tf.backend() as unknown as NativeBackend
  const { binding } = backend
  const first = binding.createTensor([], binding.TF_INT64, Int32Array.of(count, 0)) // little-endian
  try {
    const ids = [first, ...backend.getInputTensorIds(inputs)]
    const made = binding.executeOp(op, attributeList(binding, attributes), ids, outputs)
    return made.map((one) => backend.createOutputTensor(one))
  } finally {
    binding.deleteTensor(first)
  }
}

function attributeList(binding: Binding, attributes: OpAttributes): object[] {
  return Object.entries(attributes).map(([name, value]) => ({
    name,
    type: typeof value === 'number' ? binding.TF_ATTR_FLOAT : binding.TF_ATTR_BOOL,
    value,
  }))
}
