import type { Tensor } from '@tensorflow/tfjs-core'
import type { CellForm, CellState } from './cell.js'
import { cellForm } from './cells.js'
import {
  embed,
  logitsOf,
  unpackTokens,
  zeroStates,
  type TokenSpec,
  type TokenWeights,
} from './token-network.js'
import type { TensorFlow } from './tensorflow.js'

/** Reads one token after the other: a step per token, the state carried on, nothing ever read again. */
export class TokenReader {
  private readonly form: CellForm
  private readonly weights: TokenWeights
  private states: readonly CellState[]

  constructor(
    private readonly tf: TensorFlow,
    spec: TokenSpec,
    weights: Float32Array,
    fused: boolean,
  ) {
    this.form = cellForm(spec, fused)
    tf.engine().startScope()
    const all = unpackTokens(tf, spec, tf.tensor1d(weights.slice()))
    this.weights = { ...all, layers: all.layers.map((layer) => this.form.prepare(tf, layer)) }
    this.states = zeroStates(tf, spec)
    for (const tensor of this.tensors()) tf.keep(tensor)
    tf.engine().endScope()
  }

  /** Logits of the token after this one. */
  read(token: number): Float32Array {
    const { tf, form, weights } = this
    tf.engine().startScope()
    try {
      let x = embed(tf, weights, Int32Array.of(token)) // [1, embedding]
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
