import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import type { NetworkSpec } from '../core/network-spec.js'
import type { LayerWeights } from './cell.js'
import { cellOf } from './cells.js'
import type { HeadWeights } from './head.js'
import type { TensorFlow } from './tensorflow.js'

/** Width of the head's two layers. */
export const HEAD_WIDTH = 64

/** One array of weights inside the flat vector. */
export interface WeightEntry {
  readonly name: string
  readonly shape: readonly number[]
  readonly offset: number
  readonly size: number
}

export interface WeightLayout {
  readonly entries: readonly WeightEntry[]
  /** Floats in all. */
  readonly size: number
}

/** All weights of a network as tensors. */
export interface NetworkWeights {
  readonly layers: readonly LayerWeights[]
  /** [series, embedding], of the known series; `null` without one. */
  readonly embedding: Tensor2D | null
  readonly head: HeadWeights
}

/** Where each weight lies in the one flat Float32Array that is trained, stored and swapped in. */
export function weightLayout(spec: NetworkSpec): WeightLayout {
  const entries: WeightEntry[] = []
  let size = 0
  const take = (name: string, ...shape: number[]): void => {
    const floats = shape.reduce((a, b) => a * b, 1)
    entries.push({ name, shape, offset: size, size: floats })
    size += floats
  }
  const { hidden } = spec
  for (let l = 0; l < spec.layers; l++) {
    const shapes = cellOf(spec).shapes(l === 0 ? spec.inputs + spec.embedding : hidden, hidden)
    for (const [name, shape] of Object.entries(shapes)) take(`${spec.cell}${l}.${name}`, ...shape)
  }
  if (spec.embedding > 0) take('embedding', spec.series.length, spec.embedding)
  const outputs = spec.quantiles.length + spec.mixture
  take('head.state', hidden, HEAD_WIDTH)
  take('head.features', spec.targetFeatures, HEAD_WIDTH)
  take('head.steps', spec.horizon, HEAD_WIDTH)
  take('head.slots', spec.slots, HEAD_WIDTH)
  take('head.weekdays', spec.weekdays, HEAD_WIDTH)
  take('head.hidden', HEAD_WIDTH, HEAD_WIDTH)
  take('head.output', HEAD_WIDTH, outputs)
  take('head.outputBias', outputs)
  take('head.direct', spec.horizon, spec.mixture)
  return { entries, size }
}

/** Cuts the flat vector into its weights: one split, whose gradient is one concatenation. */
export function unpackWeights(tf: TensorFlow, spec: NetworkSpec, flat: Tensor1D): NetworkWeights {
  const { entries } = weightLayout(spec)
  const parts = tf.split(
    flat,
    entries.map((entry) => entry.size),
  )
  const tensors = new Map<string, Tensor>()
  entries.forEach((entry, i) => tensors.set(entry.name, tf.reshape(parts[i] as Tensor, [...entry.shape])))
  const matrix = (name: string): Tensor2D => tensors.get(name) as Tensor2D
  const vector = (name: string): Tensor1D => tensors.get(name) as Tensor1D
  return {
    layers: Array.from({ length: spec.layers }, (_, l) => {
      const prefix = `${spec.cell}${l}.`
      const own = [...tensors].filter(([name]) => name.startsWith(prefix))
      return Object.fromEntries(own.map(([name, tensor]) => [name.slice(prefix.length), tensor]))
    }),
    embedding: spec.embedding > 0 ? matrix('embedding') : null,
    head: {
      state: matrix('head.state'),
      features: matrix('head.features'),
      steps: matrix('head.steps'),
      slots: matrix('head.slots'),
      weekdays: matrix('head.weekdays'),
      hidden: matrix('head.hidden'),
      output: matrix('head.output'),
      outputBias: vector('head.outputBias'),
      direct: matrix('head.direct'),
    },
  }
}
