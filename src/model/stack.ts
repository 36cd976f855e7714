import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import type { CellForm, CellState, LayerWeights } from './cell.js'
import type { TensorFlow } from './tensorflow.js'

/**
 * Stacked layers: h^(l) = Cell(h^(l−1)), h^(0) = x [steps, batch, inputs].
 * States [batch, layers · states · hidden]: each layer's h, and with the LSTM its C.
 */
export function stacked(
  tf: TensorFlow,
  form: CellForm,
  layers: readonly LayerWeights[],
  x: Tensor3D,
  states: Tensor2D,
): { readonly hidden: Tensor3D; readonly last: Tensor2D } {
  const start = splitStates(tf, states, layers.length, form.states)
  const last: Tensor2D[] = []
  let hidden = x
  layers.forEach((w, l) => {
    const result = form.sequence(tf, w, hidden, start[l]!)
    hidden = result.hidden
    last.push(...result.last)
  })
  return { hidden, last: tf.concat(last, 1) }
}

/** [batch, layers · states · hidden] by layer. */
export function splitStates(
  tf: TensorFlow,
  states: Tensor2D,
  layers: number,
  perLayer: number,
): readonly CellState[] {
  const [batch, width] = states.shape
  const size = width / (layers * perLayer)
  return Array.from({ length: layers }, (_, l) =>
    Array.from({ length: perLayer }, (_, i) =>
      tf.slice(states, [0, (l * perLayer + i) * size], [batch, size]),
    ),
  )
}
