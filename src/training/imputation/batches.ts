import type { HiddenBatch } from '../../model/imputation-network.js'
import type { Random } from '../../model/random.js'
import { CANDIDATES, WINDOW_INPUTS, WindowEncoder, type ScaledSeries, type Season } from './window.js'

/** Known steps left between two hidden stretches, at least. */
const APART = 3

/** Endless batches of windows at random places, in which random stretches are hidden. */
export class HiddenWindows {
  private readonly encoder: WindowEncoder
  private readonly total: number

  constructor(
    private readonly series: readonly ScaledSeries[],
    season: Season,
    private readonly sizes: { readonly steps: number; readonly windows: number; readonly longest: number },
    private readonly random: Random,
  ) {
    this.encoder = new WindowEncoder(season, sizes.steps)
    this.total = series.reduce((sum, { values }) => sum + values.length, 0)
  }

  next(): HiddenBatch {
    const { steps: T, windows: B } = this.sizes
    const batch: HiddenBatch = {
      steps: T,
      windows: B,
      inputs: new Float32Array(T * B * WINDOW_INPUTS),
      candidates: new Float32Array(T * B * CANDIDATES),
      targets: new Float32Array(T * B),
      mask: new Float32Array(T * B),
    }
    for (let b = 0; b < B; b++) {
      const series = this.draw()
      const from = this.random.integer(Math.max(1, series.values.length - T + 1))
      const hidden = this.hide()
      this.encoder.encode(series, from, hidden, batch, b, B)
      for (let i = 0; i < T; i++) {
        const x = series.values[from + i] ?? NaN
        if (hidden[i] === 0 || x !== x) continue
        batch.targets[i * B + b] = (x - series.mean) / series.scale
        batch.mask[i * B + b] = 1
      }
    }
    return batch
  }

  /** Each step of the data is equally likely. */
  private draw(): ScaledSeries {
    let ticket = this.random.uniform() * this.total
    return this.series.find(({ values }) => (ticket -= values.length) < 0) ?? this.series[0]!
  }

  /** Stretches of all lengths up to the longest, short ones more often: their logarithm is uniform. */
  private hide(): Uint8Array {
    const { steps, longest } = this.sizes
    const hidden = new Uint8Array(steps)
    for (let at = this.random.integer(steps / 4); at < steps;) {
      const length = Math.round(Math.exp(this.random.uniform() * Math.log(longest)))
      hidden.fill(1, at, at + length)
      at += length + APART + this.random.integer(steps / 2)
    }
    return hidden
  }
}
