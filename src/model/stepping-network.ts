import type { NetworkSpec } from '../core/network-spec.js'
import { Network, type StepInput, type StepOutput } from './network.js'
import { SymbolNetwork } from './symbol-network.js'
import type { TensorFlow } from './tensorflow.js'

/** Weights at work, whatever the values of the series are. */
export interface SteppingNetwork {
  readonly spec: NetworkSpec
  /** Takes all rows one step further, and forecasts from the first `observed` of them. */
  step(input: StepInput, output: StepOutput): void
  dispose(): void
}

/** Throws a `RangeError` where the weights are not as many as the spec's. */
export function networkOf(
  tf: TensorFlow,
  spec: NetworkSpec,
  weights: Float32Array,
  options: { readonly fused: boolean },
): SteppingNetwork {
  return spec.symbols === undefined
    ? new Network(tf, spec, weights, options)
    : new SymbolNetwork(tf, spec, weights, options)
}
