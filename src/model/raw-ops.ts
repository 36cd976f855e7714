import type { Tensor } from '@tensorflow/tfjs-core'
import type { NativeBackend, TensorFlow } from './tensorflow.js'

/** The binding's own handle of an array of numbers. */
type Handle = number

/**
 * Runs chains of small ops on the binding's handles. What passes between them never becomes a tensor of the library,
 * whose bookkeeping costs as much as a small op itself. All handles made are freed by `end`, which has to be called.
 */
export class RawOps {
  private readonly backend: NativeBackend
  private readonly made: Handle[] = []

  constructor(tf: TensorFlow) {
    this.backend = tf.backend() as unknown as NativeBackend
  }

  /** Of a tensor, to which it goes on belonging. */
  of(tensor: Tensor): Handle {
    return this.backend.getInputTensorIds([tensor])[0]!
  }

  /** An op with one result, whose attributes follow from its inputs. */
  run(op: string, ...inputs: Handle[]): Handle {
    const { id } = this.backend.binding.executeOp(op, [], inputs, 1)[0]!
    this.made.push(id)
    return id
  }

  /** The same, with the result as a tensor, which outlives `end`. */
  result(op: string, ...inputs: Handle[]): Tensor {
    return this.backend.createOutputTensor(this.backend.binding.executeOp(op, [], inputs, 1)[0]!)
  }

  /** An op with several results. */
  runAll(op: string, inputs: readonly Handle[], outputs: number): readonly Handle[] {
    const ids = this.backend.binding.executeOp(op, [], inputs, outputs).map(({ id }) => id)
    this.made.push(...ids)
    return ids
  }

  /** [n, …] as n handles of […]. */
  unstack(tensor: Tensor): readonly Handle[] {
    const count = tensor.shape[0]!
    const attributes = [this.whole('num', count), this.whole('axis', 0)]
    const parts = this.backend.binding.executeOp('Unpack', attributes, [this.of(tensor)], count)
    for (const { id } of parts) this.made.push(id)
    return parts.map(({ id }) => id)
  }

  /** n handles of floats […] as a tensor [n, …]. */
  stack(handles: readonly Handle[]): Tensor {
    const { TF_ATTR_TYPE, TF_FLOAT } = this.backend.binding
    const type = { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT }
    const attributes = [this.whole('N', handles.length), type, this.whole('axis', 0)]
    return this.backend.createOutputTensor(this.backend.binding.executeOp('Pack', attributes, handles, 1)[0]!)
  }

  /** Two handles of floats joined along `axis`, an int32 scalar. */
  join(a: Handle, b: Handle, axis: Handle): Handle {
    const { TF_ATTR_TYPE, TF_FLOAT } = this.backend.binding
    const attributes = [this.whole('N', 2), { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT }]
    const { id } = this.backend.binding.executeOp('ConcatV2', attributes, [a, b, axis], 1)[0]!
    this.made.push(id)
    return id
  }

  /** A tensor with the same numbers, which outlives `end`. */
  tensor(handle: Handle): Tensor {
    return this.result('Identity', handle)
  }

  end(): void {
    for (const handle of this.made) this.backend.binding.deleteTensor(handle)
    this.made.length = 0
  }

  private whole(name: string, value: number): object {
    return { name, type: this.backend.binding.TF_ATTR_INT, value }
  }
}
