import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core'
import type { NetworkSpec } from '../core/network-spec.js'
import { cellForm } from './cells.js'
import { kernels } from './kernels.js'
import type { StepInput, StepOutput } from './network.js'
import { splitRows, SteppingStack } from './stepping-stack.js'
import type { SteppingNetwork } from './stepping-network.js'
import type { TensorFlow } from './tensorflow.js'
import {
  embed,
  logitsOf,
  tokenLayout,
  unpackTokens,
  type TokenSpec,
  type TokenWeights,
} from './token-network.js'

/** The tokens are the vocabulary's symbols, and the unknown one. */
export function tokenSpec(spec: NetworkSpec): TokenSpec {
  const { cell, activation, residual, embedding, layers, hidden, symbols } = spec
  if (symbols === undefined) throw new TypeError('a network of numbers has no vocabulary')
  return {
    cell,
    ...(activation === undefined ? {} : { activation }),
    ...(residual === undefined ? {} : { residual }),
    tokens: symbols.length + 1,
    embedding,
    layers,
    hidden,
  }
}

/** A token network at work: advances a wave of series by a symbol each, and says what comes next. */
export class SymbolNetwork implements SteppingNetwork {
  private readonly stack: SteppingStack
  private readonly weights: TokenWeights
  private readonly parts: number
  private readonly tensors: readonly Tensor[]

  constructor(
    private readonly tf: TensorFlow,
    readonly spec: NetworkSpec,
    weights: Float32Array,
    options: { readonly fused: boolean },
  ) {
    const tokens = tokenSpec(spec)
    const { size } = tokenLayout(tokens)
    if (weights.length !== size) throw new RangeError(`expected ${size} weights, got ${weights.length}`)
    const form = cellForm(spec, options.fused)
    this.parts = spec.layers * form.states
    tf.engine().startScope()
    // A copy, as the backend may go on reading the array it was given.
    this.weights = unpackTokens(tf, tokens, tf.tensor1d(weights.slice()))
    const { layers, embedding, output, outputBias } = this.weights
    this.stack = new SteppingStack(tf, form, kernels(tf, options.fused), layers, spec.residual ?? false)
    this.tensors = [embedding, output, outputBias, ...this.stack.tensors()]
    for (const tensor of this.tensors) tf.keep(tensor)
    tf.engine().endScope()
  }

  /** Forecasts are the probabilities [observed, symbols + 1] of the next symbol: softmax(W_hy h + b_y). */
  step(input: StepInput, output: StepOutput): void {
    const { tf, spec, parts, weights } = this
    const { rows, observed } = input
    const { hidden } = spec
    tf.engine().startScope()
    try {
      const x = embed(tf, weights, Int32Array.from(input.inputs.subarray(0, rows)))
      const stepped = this.stack.step(x, splitRows(tf, input.states, parts, hidden, 0, rows))
      stepped.states.forEach((state, part) => {
        const after = state.dataSync<'float32'>()
        for (let row = 0; row < rows; row++) {
          output.states.set(after.subarray(row * hidden, (row + 1) * hidden), (row * parts + part) * hidden)
        }
      })
      if (observed === 0) return
      const top: Tensor2D = tf.slice(stepped.hidden, [0, 0], [observed, hidden])
      output.forecasts.set(tf.softmax(logitsOf(tf, weights, top)).dataSync<'float32'>())
    } finally {
      tf.engine().endScope()
    }
  }

  dispose(): void {
    for (const tensor of this.tensors) tensor.dispose()
  }
}
