import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import type { NetworkSpec } from '../core/network-spec.js'
import type { LayerWeights } from './cell.js'
import { cellOf } from './cells.js'
import { cut, layerOf, layOut, type WeightLayout } from './flat-weights.js'
import type { HeadWeights } from './head.js'
import type { TensorFlow } from './tensorflow.js'

/** Width of the head's two layers. */
export const HEAD_WIDTH = 64

/** All weights of a network as tensors. */
export interface NetworkWeights {
  readonly layers: readonly LayerWeights[]
  /** Of the decoder, where there is one: as many layers as the encoder's. */
  readonly decoder: readonly LayerWeights[]
  /** [series, embedding], of the known series; `null` without one. */
  readonly embedding: Tensor2D | null
  readonly head: HeadWeights
}

export function weightLayout(spec: NetworkSpec): WeightLayout {
  const { hidden } = spec
  const stack = (prefix: string, inputs: number): (readonly [string, readonly number[]])[] =>
    Array.from({ length: spec.layers }, (_, l) => {
      const shapes = cellOf(spec).shapes(l === 0 ? inputs : hidden, hidden)
      return Object.entries(shapes).map(([name, shape]) => [`${prefix}${l}.${name}`, shape] as const)
    }).flat()
  const embedding = spec.embedding > 0 ? [['embedding', [spec.series.length, spec.embedding]] as const] : []
  const outputs = spec.quantiles.length + spec.mixture
  return layOut([
    ...stack(spec.cell, spec.inputs + spec.embedding),
    ...(spec.decoder === undefined ? [] : stack(`decoder.${spec.cell}`, spec.targetFeatures)),
    ...embedding,
    ['head.state', [hidden, HEAD_WIDTH]],
    ['head.features', [spec.targetFeatures, HEAD_WIDTH]],
    ['head.steps', [spec.horizon, HEAD_WIDTH]],
    ['head.slots', [spec.slots, HEAD_WIDTH]],
    ['head.weekdays', [spec.weekdays, HEAD_WIDTH]],
    ['head.hidden', [HEAD_WIDTH, HEAD_WIDTH]],
    ['head.output', [HEAD_WIDTH, outputs]],
    ['head.outputBias', [outputs]],
    ['head.direct', [spec.horizon, spec.mixture]],
  ])
}

export function unpackWeights(tf: TensorFlow, spec: NetworkSpec, flat: Tensor1D): NetworkWeights {
  const arrays = cut(tf, weightLayout(spec), flat)
  const matrix = (name: string): Tensor2D => arrays.get(name) as Tensor2D
  const stack = (prefix: string): LayerWeights[] =>
    Array.from({ length: spec.layers }, (_, l) => layerOf(arrays, `${prefix}${l}.`))
  return {
    layers: stack(spec.cell),
    decoder: spec.decoder === undefined ? [] : stack(`decoder.${spec.cell}`),
    embedding: spec.embedding > 0 ? matrix('embedding') : null,
    head: {
      state: matrix('head.state'),
      features: matrix('head.features'),
      steps: matrix('head.steps'),
      slots: matrix('head.slots'),
      weekdays: matrix('head.weekdays'),
      hidden: matrix('head.hidden'),
      output: matrix('head.output'),
      outputBias: arrays.get('head.outputBias') as Tensor1D,
      direct: matrix('head.direct'),
    },
  }
}
