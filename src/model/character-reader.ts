import type { Tensor } from '@tensorflow/tfjs-core'
import type { CellForm, CellState } from './cell.js'
import { cellForm } from './cells.js'
import {
  embed,
  logitsOf,
  unpackCharacters,
  zeroStates,
  type CharacterSpec,
  type CharacterWeights,
} from './character-network.js'
import type { TensorFlow } from './tensorflow.js'

/** Reads one symbol after the other: a step per symbol, the state carried on, nothing ever read again. */
export class CharacterReader {
  private readonly form: CellForm
  private readonly weights: CharacterWeights
  private states: readonly CellState[]

  constructor(
    private readonly tf: TensorFlow,
    spec: CharacterSpec,
    weights: Float32Array,
    fused: boolean,
  ) {
    this.form = cellForm(spec, fused)
    tf.engine().startScope()
    const all = unpackCharacters(tf, spec, tf.tensor1d(weights.slice()))
    this.weights = { ...all, layers: all.layers.map((layer) => this.form.prepare(tf, layer)) }
    this.states = zeroStates(tf, spec)
    for (const tensor of this.tensors()) tf.keep(tensor)
    tf.engine().endScope()
  }

  /** Logits of the symbol after this one. */
  read(symbol: number): Float32Array {
    const { tf, form, weights } = this
    tf.engine().startScope()
    try {
      let x = embed(tf, weights, Int32Array.of(symbol)) // [1, EMBEDDING]
      const after = weights.layers.map((w, l) => {
        const state = form.step(tf, w, x, this.states[l]!)
        x = state[0]! // h^(l) is the input of layer l + 1
        return state
      })
      const logits = logitsOf(tf, weights, x).dataSync<'float32'>().slice()
      for (const tensor of after.flat()) tf.keep(tensor)
      tf.dispose(this.states.flat())
      this.states = after
      return logits
    } finally {
      tf.engine().endScope()
    }
  }

  dispose(): void {
    this.tf.dispose(this.tensors())
  }

  private tensors(): Tensor[] {
    const { embedding, layers, output, outputBias } = this.weights
    return [
      embedding,
      ...layers.flatMap((layer) => Object.values(layer)),
      output,
      outputBias,
      ...this.states.flat(),
    ]
  }
}
