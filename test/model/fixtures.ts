import { stateSize, type NetworkSpec } from '../../src/core/network-spec.js'
import { initialWeights } from '../../src/model/initial-weights.js'
import type { StepInput, StepOutput } from '../../src/model/network.js'
import { Random } from '../../src/model/random.js'

export function specOf(changes: Partial<NetworkSpec> = {}): NetworkSpec {
  return {
    cell: 'gru',
    layers: 1,
    hidden: 16,
    inputs: 13,
    horizon: 5,
    quantiles: [0.1, 0.5, 0.9],
    targetFeatures: 10,
    mixture: 8,
    slots: 24,
    weekdays: 7,
    embedding: 4,
    series: ['a', 'b'],
    kind: 'seasonal',
    season: { short: 24, long: 168 },
    interval: 3_600_000,
    nonNegative: [false, false, false],
    annual: false,
    ...changes,
  }
}

/** Initial weights, moved so that no bias or direct weight is zero. */
export function weightsOf(spec: NetworkSpec): Float32Array {
  const random = new Random(7)
  return initialWeights(spec, 3).map((w) => w + 0.1 * random.normal())
}

export function inputOf(spec: NetworkSpec, rows: number, observed: number, seed = 1): StepInput {
  const random = new Random(seed)
  const normal = (length: number): Float32Array => Float32Array.from({ length }, () => random.normal())
  const below = (length: number, limit: number): Int32Array =>
    Int32Array.from({ length }, () => random.integer(limit))
  return {
    rows,
    observed,
    inputs: normal(rows * spec.inputs),
    embedding: below(rows, spec.embedding > 0 ? spec.series.length + 1 : 1),
    states: normal(rows * stateSize(spec)).map(Math.tanh),
    features: normal(observed * spec.horizon * spec.targetFeatures),
    calendar: below(observed * spec.horizon, spec.slots * spec.weekdays),
  }
}

export function outputOf(spec: NetworkSpec, input: StepInput): StepOutput {
  return {
    states: new Float32Array(input.rows * stateSize(spec)),
    forecasts: new Float32Array(input.observed * spec.horizon * spec.quantiles.length),
  }
}

export function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)), 0)
}
