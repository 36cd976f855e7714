import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core'
import type { NetworkSpec } from '../core/network-spec.js'
import { cellForm } from './cells.js'
import { kernels } from './kernels.js'
import { Readout } from './readout.js'
import { SteppingDecoder } from './stepping-decoder.js'
import { SteppingHead } from './stepping-head.js'
import { splitRows, SteppingStack } from './stepping-stack.js'
import type { TensorFlow } from './tensorflow.js'
import { unpackWeights, weightLayout } from './weights.js'

/** Targets per pass of the head: what passes between its operations then stays in the processor's cache. */
const TARGETS_PER_PASS = 4096

export interface StepInput {
  readonly rows: number
  /** The first so many rows are real observations, from which a forecast is made. */
  readonly observed: number
  /** [rows, inputs] */
  readonly inputs: Float32Array
  /** [rows] row of the series embedding, 0 = unknown */
  readonly embedding: Int32Array
  /** [rows, stateSize] */
  readonly states: Float32Array
  /** [observed, horizon, targetFeatures] */
  readonly features: Float32Array
  /** [observed, horizon] weekday · slots + slot */
  readonly calendar: Int32Array
}

export interface StepOutput {
  /** [rows, stateSize]; may be the input's. */
  readonly states: Float32Array
  /** [observed, horizon, quantiles] in the scale of the origin */
  readonly forecasts: Float32Array
}

/** Weights at work: advances a wave of series by one step and forecasts from it. Nothing in it belongs to a series. */
export class Network {
  private readonly stack: SteppingStack
  private readonly head: SteppingHead
  private readonly readout: Readout
  private readonly decoder: SteppingDecoder | null
  /** [series + 1, embedding]; row 0, the unknown series, is zero. */
  private readonly embedding: Float32Array
  /** Parts of a state, each of width `hidden`: each layer's h, and with the LSTM its C. */
  private readonly parts: number
  private readonly tensors: readonly Tensor[]

  constructor(
    private readonly tf: TensorFlow,
    readonly spec: NetworkSpec,
    weights: Float32Array,
    options: { readonly fused: boolean },
  ) {
    const { entries, size } = weightLayout(spec)
    if (weights.length !== size) throw new RangeError(`expected ${size} weights, got ${weights.length}`)
    const part = (name: string): Float32Array => {
      const entry = entries.find((candidate) => candidate.name === name)
      return entry === undefined ? new Float32Array() : weights.slice(entry.offset, entry.offset + entry.size)
    }
    this.embedding = new Float32Array((spec.series.length + 1) * spec.embedding)
    this.embedding.set(part('embedding'), spec.embedding)
    this.readout = new Readout(spec, part('head.outputBias'), part('head.direct'))
    const form = cellForm(spec, options.fused)
    const op = kernels(tf, options.fused)
    const residual = spec.residual ?? false
    this.parts = spec.layers * form.states
    tf.engine().startScope()
    // A copy, as the backend may go on reading the array it was given.
    const all = unpackWeights(tf, spec, tf.tensor1d(weights.slice()))
    this.stack = new SteppingStack(tf, form, op, all.layers, residual)
    this.head = new SteppingHead(tf, op, all.head)
    const unrolling = new SteppingStack(tf, form, op, all.decoder, residual)
    this.decoder =
      spec.decoder === undefined
        ? null
        : new SteppingDecoder(tf, spec, spec.decoder, unrolling, this.head, this.readout, this.parts)
    this.tensors = [this.stack, this.head, unrolling].flatMap((one) => one.tensors())
    for (const tensor of this.tensors) tf.keep(tensor)
    tf.engine().endScope()
  }

  /** Costs one recurrent operation per layer, and with a decoder one per layer, step and path, whatever the length of the series' histories. */
  step(input: StepInput, output: StepOutput): void {
    const { tf, decoder } = this
    const perPass = Math.max(1, Math.floor(TARGETS_PER_PASS / (decoder?.paths ?? this.spec.horizon)))
    tf.engine().startScope() // unlike tf.tidy, this never walks a result
    try {
      const h = this.advance(input, output)
      for (let at = 0; at < input.observed; at += perPass) {
        const rows = Math.min(perPass, input.observed - at)
        if (decoder === null) this.forecast(h, input, output, at, rows)
        else decoder.forecast({ ...input, states: output.states }, output.forecasts, at, rows)
      }
    } finally {
      tf.engine().endScope()
    }
  }

  dispose(): void {
    for (const tensor of this.tensors) tensor.dispose()
  }

  /** Takes all rows one step further; result what the head reads [rows · hidden]. */
  private advance(input: StepInput, output: StepOutput): Float32Array {
    const { tf, spec, parts } = this
    const { rows } = input
    const { hidden } = spec
    const x: Tensor2D = tf.tensor2d(this.embedded(input), [rows, spec.inputs + spec.embedding])
    const stepped = this.stack.step(x, splitRows(tf, input.states, parts, hidden, 0, rows))
    const results = stepped.states.map((state) => state.dataSync<'float32'>())
    results.forEach((result, part) => {
      for (let row = 0; row < rows; row++) {
        const from = row * hidden
        output.states.set(result.subarray(from, from + hidden), (row * parts + part) * hidden)
      }
    })
    const top = stepped.states.indexOf(stepped.hidden)
    return top < 0 ? stepped.hidden.dataSync<'float32'>() : results[top]!
  }

  /** The head for all steps of the horizon, rows [at, at + rows). */
  private forecast(
    states: Float32Array,
    input: StepInput,
    output: StepOutput,
    at: number,
    rows: number,
  ): void {
    const { tf, spec } = this
    const { horizon: H, targetFeatures: F, hidden } = spec
    const h: Tensor2D = tf.tensor2d(states.slice(at * hidden, (at + rows) * hidden), [rows, hidden])
    const f: Tensor2D = tf.tensor2d(input.features.slice(at * H * F, (at + rows) * H * F), [rows * H, F])
    const o = this.head.outputs(h, f, input.calendar.slice(at * H, (at + rows) * H)) // [rows·H, Q + M]
    this.readout.run(o, input.features, output.forecasts, at, rows)
  }

  /** [x, embedding of the series] for each row. */
  private embedded(input: StepInput): Float32Array {
    const { inputs: I, embedding: E } = this.spec
    if (E === 0) return input.inputs.slice(0, input.rows * I)
    const x = new Float32Array(input.rows * (I + E))
    for (let row = 0, o = 0; row < input.rows; row++) {
      for (let i = row * I; i < (row + 1) * I; i++) x[o++] = input.inputs[i]!
      const e = input.embedding[row]! * E
      for (let i = e; i < e + E; i++) x[o++] = this.embedding[i]!
    }
    return x
  }
}
