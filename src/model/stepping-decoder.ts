import type { Tensor2D } from '@tensorflow/tfjs-core'
import type { DecoderSpec, NetworkSpec } from '../core/network-spec.js'
import { feedbackLimit, medianWeights, pathWeights, quantileOf } from './draw.js'
import { Random } from './random.js'
import type { Readout } from './readout.js'
import type { SteppingHead } from './stepping-head.js'
import { splitRows, type SteppingStack } from './stepping-stack.js'
import type { TensorFlow } from './tensorflow.js'

/** All forecasts draw their paths alike: what a series' forecast is depends on nothing but its state, so a replay repeats it. */
export const SEED = 2_024

/** What is forecast from: see `StepInput`; states are those after the encoder's step. */
export interface DecoderInput {
  readonly states: Float32Array
  readonly features: Float32Array
  readonly calendar: Int32Array
}

/** The decoder at work: the equations of `decode`, without a gradient, fed with its own medians or draws. */
export class SteppingDecoder {
  /** Rows that a state unrolls in. */
  readonly paths: number
  /** What each path feeds back: [horizon, paths, quantiles] weights of a step's quantiles. */
  private readonly draws: Float32Array

  constructor(
    private readonly tf: TensorFlow,
    private readonly spec: NetworkSpec,
    private readonly decoder: DecoderSpec,
    private readonly stack: SteppingStack,
    private readonly head: SteppingHead,
    private readonly readout: Readout,
    /** Parts of a state. */
    private readonly parts: number,
  ) {
    const { horizon, quantiles } = spec
    this.paths = Math.max(1, decoder.samples)
    if (decoder.samples > 0) {
      const { samples, temperature } = decoder
      this.draws = pathWeights(quantiles, horizon, samples, temperature, new Random(SEED))
    } else {
      this.draws = new Float32Array(horizon * quantiles.length)
      for (let k = 0; k < horizon; k++) medianWeights(quantiles, this.draws, k * quantiles.length)
    }
  }

  /** Writes the forecasts [rows, horizon, quantiles] of rows [at, at + rows). The input's states stay untouched. */
  forecast(input: DecoderInput, forecasts: Float32Array, at: number, rows: number): void {
    const { tf, spec, paths, parts } = this
    const { horizon: H, targetFeatures: F, hidden } = spec
    const Q = spec.quantiles.length
    const n = rows * paths
    const y = new Float32Array(n)
    const quantiles = new Float32Array(n * Q)
    const draws = new Float32Array(paths)
    let states = splitRows(tf, input.states, parts, hidden, at, rows, paths)
    try {
      for (let k = 0; k < H; k++) {
        const f = new Float32Array(n * F)
        const days = new Int32Array(n)
        for (let i = 0; i < n; i++) {
          const target = (at + Math.floor(i / paths)) * H + k
          days[i] = input.calendar[target]!
          f.set(input.features.subarray(target * F, (target + 1) * F), i * F)
          if (k > 0) f[i * F] = y[i]!
        }
        const before = states
        tf.engine().startScope() // what a step leaves behind is freed before the next
        try {
          const x: Tensor2D = tf.tensor2d(f.slice(), [n, F])
          const stepped = this.stack.step(x, before)
          this.read(this.head.outputs(stepped.hidden, x, days, k), k, f, quantiles, y)
          states = stepped.states.map((state) => tf.keep(state))
        } finally {
          tf.engine().endScope()
        }
        for (const state of before) state.dispose()
        for (let row = 0; row < rows; row++) {
          const to = ((at + row) * H + k) * Q
          if (this.decoder.samples === 0) {
            forecasts.set(quantiles.subarray(row * Q, (row + 1) * Q), to)
            continue
          }
          draws.set(y.subarray(row * paths, (row + 1) * paths))
          draws.sort()
          for (let q = 0; q < Q; q++) forecasts[to + q] = quantileOf(draws, spec.quantiles[q]!)
        }
      }
    } finally {
      for (const state of states) state.dispose()
    }
  }

  /** Each path's quantiles at step k, and what it feeds back of them. */
  private read(o: Float32Array, k: number, f: Float32Array, quantiles: Float32Array, y: Float32Array): void {
    const { spec, paths } = this
    const Q = spec.quantiles.length
    const limit = feedbackLimit(spec.kind, k)
    for (let i = 0; i < y.length; i++) {
      this.readout.target(o, i, k, f, quantiles, 0)
      const c = (k * paths + (i % paths)) * Q
      let sum = 0
      for (let q = 0; q < Q; q++) sum += this.draws[c + q]! * quantiles[i * Q + q]!
      y[i] = Math.max(-limit, Math.min(limit, sum))
    }
  }
}
