import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core'
import type { CellForm, LayerWeights } from './cell.js'
import type { Kernels } from './kernels.js'
import type { TensorFlow } from './tensorflow.js'

export interface Stepped {
  /** The parts of the new states, each [rows, hidden], in the order in which a state holds them. */
  readonly states: readonly Tensor2D[]
  /** What is read above the top layer, [rows, hidden] */
  readonly hidden: Tensor2D
}

/** Stacked layers at work: single steps without a gradient, with the equations of `stacked`. */
export class SteppingStack {
  private readonly layers: readonly LayerWeights[]

  constructor(
    private readonly tf: TensorFlow,
    private readonly form: CellForm,
    private readonly op: Kernels,
    layers: readonly LayerWeights[],
    private readonly residual: boolean,
  ) {
    this.layers = layers.map((layer) => form.prepare(tf, layer))
  }

  /** h^(l)_t = Cell(h^(l)_{t−1}, x^(l)_t) for all rows; x [rows, inputs]. */
  step(x: Tensor2D, before: readonly Tensor2D[]): Stepped {
    const { tf, form, op } = this
    const states: Tensor2D[] = []
    let hidden = x
    this.layers.forEach((w, l) => {
      const after = form.step(tf, w, hidden, before.slice(l * form.states, (l + 1) * form.states))
      states.push(...after)
      hidden = this.residual && l > 0 ? (op.add(hidden, after[0]!) as Tensor2D) : after[0]!
    })
    return { states, hidden }
  }

  tensors(): Tensor[] {
    return this.layers.flatMap((w) => Object.values(w))
  }
}

/**
 * The parts of states [rows, hidden] each, from rows [at, at + rows) of [·, parts · hidden], every row `times` times over.
 * Copied out: shared memory must not be handed to the backend, and whoever steps them leaves the original as it is.
 */
export function splitRows(
  tf: TensorFlow,
  states: Float32Array,
  parts: number,
  hidden: number,
  at: number,
  rows: number,
  times = 1,
): Tensor2D[] {
  if (parts === 1 && times === 1) {
    return [tf.tensor2d(states.slice(at * hidden, (at + rows) * hidden), [rows, hidden])]
  }
  return Array.from({ length: parts }, (_, part) => {
    const block = new Float32Array(rows * times * hidden)
    for (let row = 0, to = 0; row < rows; row++) {
      const from = ((at + row) * parts + part) * hidden
      const one = states.subarray(from, from + hidden)
      for (let i = 0; i < times; i++, to += hidden) block.set(one, to)
    }
    return tf.tensor2d(block, [rows * times, hidden])
  })
}
