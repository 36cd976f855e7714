import { outputsOf, type NetworkSpec } from '../core/network-spec.js'
import type { StepBuffers } from '../ports/engine.js'

/** Floats in all buffers of a part together: bounds memory whatever the horizon. */
const FLOATS = 1 << 20
/** Small enough that a batch has several parts, so that preparing, stepping and publishing overlap. */
const MOST_ROWS = 512

/** Rows of a part for a network with this horizon. */
export function rowsFor(spec: NetworkSpec): number {
  const row = spec.inputs + spec.horizon * (spec.targetFeatures + 1 + outputsOf(spec))
  return Math.max(64, Math.min(MOST_ROWS, Math.floor(FLOATS / row)))
}

export function allocateBuffers(spec: NetworkSpec, capacity: number): StepBuffers {
  return allocate(spec, capacity, capacity)
}

/** For waves without observed rows: states advance, nothing is forecast. */
export function recurrentBuffers(spec: NetworkSpec, capacity: number): StepBuffers {
  return allocate(spec, capacity, 0)
}

function allocate(spec: NetworkSpec, capacity: number, observed: number): StepBuffers {
  const { inputs, horizon, targetFeatures } = spec
  const floats = (n: number): Float32Array => new Float32Array(new SharedArrayBuffer(n * 4))
  const ints = (n: number): Int32Array => new Int32Array(new SharedArrayBuffer(n * 4))
  return {
    capacity,
    slots: ints(capacity),
    fresh: new Uint8Array(new SharedArrayBuffer(capacity)),
    embedding: ints(capacity),
    inputs: floats(capacity * inputs),
    features: floats(observed * horizon * targetFeatures),
    calendar: ints(observed * horizon),
    forecasts: floats(observed * horizon * outputsOf(spec)),
  }
}
