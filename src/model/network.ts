import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core'
import type { NetworkSpec } from '../core/network-spec.js'
import type { CellForm, LayerWeights } from './cell.js'
import { cellForm } from './cells.js'
import { calendarTable } from './head.js'
import { kernels, type Kernels } from './kernels.js'
import { Readout } from './readout.js'
import type { TensorFlow } from './tensorflow.js'
import { HEAD_WIDTH, unpackWeights, weightLayout } from './weights.js'

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
  private readonly kernels: Kernels
  private readonly form: CellForm
  private readonly layers: readonly LayerWeights[]
  private readonly head: HeadTensors
  private readonly readout: Readout
  /** [series + 1, embedding]; row 0, the unknown series, is zero. */
  private readonly embedding: Float32Array

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
    this.form = cellForm(spec, options.fused)
    this.kernels = kernels(tf, options.fused)
    tf.engine().startScope()
    // A copy, as the backend may go on reading the array it was given.
    const all = unpackWeights(tf, spec, tf.tensor1d(weights.slice()))
    this.layers = all.layers.map((layer) => this.form.prepare(tf, layer))
    const { state, features, hidden, output } = all.head
    const steps = tf.expandDims(all.head.steps, 0)
    this.head = { state, features, hidden, output, steps, calendar: calendarTable(tf, all.head) }
    for (const tensor of this.tensors()) tf.keep(tensor)
    tf.engine().endScope()
  }

  /** Costs one recurrent operation per layer, whatever the length of the series' histories. */
  step(input: StepInput, output: StepOutput): void {
    const { tf } = this
    tf.engine().startScope() // unlike tf.tidy, this never walks a result
    try {
      const h = this.advance(input, output)
      for (let at = 0; at < input.observed; at += this.rowsPerPass) {
        this.forecast(h, input, output, at, Math.min(this.rowsPerPass, input.observed - at))
      }
    } finally {
      tf.engine().endScope()
    }
  }

  dispose(): void {
    for (const tensor of this.tensors()) tensor.dispose()
  }

  /** h^(l)_t = Cell(h^(l)_{t−1}, h^(l−1)_t) for all rows; result what the head reads [rows · hidden]. */
  private advance(input: StepInput, output: StepOutput): Float32Array {
    const { tf, spec, form, kernels: op } = this
    const { rows } = input
    const { hidden } = spec
    const blocks = spec.layers * form.states // of width `hidden` in a row of states: each layer's h, and C after it
    let x = tf.tensor2d(this.embedded(input), [rows, spec.inputs + spec.embedding])
    const results: Float32Array[] = []
    this.layers.forEach((w, l) => {
      const before = Array.from({ length: form.states }, (_, i) => {
        const block = columns(input.states, rows, hidden, blocks, l * form.states + i)
        return tf.tensor2d(block, [rows, hidden])
      })
      const after = form.step(tf, w, x, before)
      x = this.residual && l > 0 ? (op.add(x, after[0]!) as Tensor2D) : after[0]!
      for (const state of after) results.push(state.dataSync<'float32'>())
    })
    results.forEach((result, block) => {
      for (let row = 0; row < rows; row++) {
        const from = row * hidden
        output.states.set(result.subarray(from, from + hidden), (row * blocks + block) * hidden)
      }
    })
    return this.residual && spec.layers > 1 ? x.dataSync<'float32'>() : results[blocks - form.states]!
  }

  /** a = ReLU(W_h h + W_f f_k + E_k + E_calendar) · b = ReLU(W_2 a) · o = W_3 b, for rows [at, at + rows). */
  private forecast(
    states: Float32Array,
    input: StepInput,
    output: StepOutput,
    at: number,
    rows: number,
  ): void {
    const { tf, spec, head, kernels: op } = this
    const { horizon: H, targetFeatures: F, hidden } = spec
    const h = tf.tensor2d(states.slice(at * hidden, (at + rows) * hidden), [rows, hidden])
    const f = tf.tensor2d(input.features.slice(at * H * F, (at + rows) * H * F), [rows * H, F])
    const days = tf.tensor1d(input.calendar.slice(at * H, (at + rows) * H), 'int32')
    const perState = tf.reshape(op.matMul(h, head.state), [rows, 1, HEAD_WIDTH])
    const perTarget = op.add(op.matMul(f, head.features), op.gather(head.calendar, days)) // [rows·H, A]
    const perStep = tf.reshape(op.add(perState, head.steps), [rows * H, HEAD_WIDTH])
    const a = op.relu(op.add(perStep, perTarget))
    const b = op.relu(op.matMul(a, head.hidden))
    const o = op.matMul(b, head.output).dataSync<'float32'>() // [rows·H, Q + M]
    this.readout.run(o, input.features, output.forecasts, at, rows)
  }

  private get residual(): boolean {
    return this.spec.residual ?? false
  }

  private get rowsPerPass(): number {
    return Math.max(1, Math.floor(TARGETS_PER_PASS / this.spec.horizon))
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

  private tensors(): Tensor[] {
    const { state, features, steps, calendar, hidden, output } = this.head
    const layers = this.layers.flatMap((w) => Object.values(w))
    return [...layers, state, features, steps, calendar, hidden, output]
  }
}

interface HeadTensors {
  readonly state: Tensor2D
  readonly features: Tensor2D
  /** [1, horizon, A] */
  readonly steps: Tensor
  /** [weekdays · slots, A] */
  readonly calendar: Tensor2D
  readonly hidden: Tensor2D
  readonly output: Tensor2D
}

/** One block's states [rows, hidden], copied out of [rows, blocks · hidden]: shared memory must not be handed to the backend. */
function columns(
  states: Float32Array,
  rows: number,
  hidden: number,
  blocks: number,
  block: number,
): Float32Array {
  if (blocks === 1) return states.slice(0, rows * hidden)
  const result = new Float32Array(rows * hidden)
  for (let row = 0; row < rows; row++) {
    const from = (row * blocks + block) * hidden
    result.set(states.subarray(from, from + hidden), row * hidden)
  }
  return result
}
