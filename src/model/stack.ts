import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import type { CellForm, CellState, LayerWeights, Unrolled } from './cell.js'
import type { TensorFlow } from './tensorflow.js'

export interface StackOptions {
  /** The input of each layer but the first is added to its output. Default false. */
  readonly residual?: boolean
  /** While training. Default: none. */
  readonly dropout?: Dropout | null
}

/** Of what goes from layer to layer, this share is zeroed at random, the rest raised by 1 / (1 − rate). */
export interface Dropout {
  readonly rate: number
  /** The same seed zeroes the same places. */
  readonly seed: string
}

export interface Stacked {
  /** What is read above the top layer, [steps, batch, hidden] */
  readonly hidden: Tensor3D
  /** What each layer read, [steps, batch, inputs or hidden] */
  readonly inputs: readonly Tensor3D[]
  /** The parts of a state after every step, each [steps, batch, hidden]. */
  readonly states: readonly Tensor3D[]
  /** States after the last step, [batch, layers · states · hidden] */
  readonly last: Tensor2D
}

/**
 * Stacked layers: h^(l) = Cell(x^(l)), x^(1) = x [steps, batch, inputs], x^(l+1) = drop(h^(l)), or with `residual`
 * x^(l) + drop(h^(l)) for l > 1; the result is what a layer above the top one would read, without dropout.
 * States [batch, layers · states · hidden]: each layer's h, and with the LSTM its C.
 */
export function stacked(
  tf: TensorFlow,
  form: CellForm,
  layers: readonly LayerWeights[],
  x: Tensor3D,
  states: Tensor2D,
  { residual = false, dropout = null }: StackOptions = {},
): Stacked {
  const start = splitStates(tf, states, layers.length, form.states)
  const results: Unrolled[] = []
  const inputs: Tensor3D[] = []
  let input = x
  layers.forEach((w, l) => {
    inputs.push(input)
    const result = form.sequence(tf, w, input, start[l]!)
    results.push(result)
    const drops = dropout !== null && l < layers.length - 1
    const output = drops
      ? (tf.dropout(result.hidden, dropout.rate, undefined, `${dropout.seed}/${l}`) as Tensor3D)
      : result.hidden
    input = residual && l > 0 ? tf.add(input, output) : output
  })
  const last = tf.concat(
    results.flatMap((result) => result.last),
    1,
  )
  return {
    hidden: input,
    inputs,
    last,
    get states() {
      return results.flatMap((result) => result.states)
    },
  }
}

/** [batch, layers · states · hidden] by layer. */
export function splitStates(
  tf: TensorFlow,
  states: Tensor2D,
  layers: number,
  perLayer: number,
): readonly CellState[] {
  // One operation, whose gradient is one too; but the library has none of a split in one part.
  const count = layers * perLayer
  const parts = count === 1 ? [states] : tf.split<Tensor2D>(states, count, 1)
  return Array.from({ length: layers }, (_, l) => parts.slice(l * perLayer, (l + 1) * perLayer))
}
