import { readdirSync, readFileSync } from 'node:fs'
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import type { GruWeights } from '../../src/model/gru.js'
import type { TensorFlow } from '../../src/model/tensorflow.js'

type Matrix = readonly (readonly number[])[]

/** One layer as the files have it: W_* [hidden, hidden + input] act on the column [h, x]. */
interface GoldenLayer {
  readonly W_z: Matrix
  readonly b_z: readonly number[]
  readonly W_r: Matrix
  readonly b_r: readonly number[]
  readonly W_h: Matrix
  readonly b_h: readonly number[]
}

export interface GoldenWeights {
  readonly layers: readonly { readonly forward: GoldenLayer }[]
  readonly W_hy: Matrix
  readonly b_y: readonly number[]
}

export interface Golden {
  readonly name: string
  readonly hiddenSize: number
  readonly steps: number
  readonly batch: number
  readonly chunk: number | null
  readonly weights: GoldenWeights
  readonly initialState: readonly { readonly forward: { readonly h: Matrix } }[]
  readonly x: readonly Matrix[]
  readonly target: readonly Matrix[]
  readonly hidden: readonly Matrix[]
  readonly output: readonly Matrix[]
  readonly loss: readonly number[]
  readonly gradients: GoldenWeights & {
    readonly x: readonly Matrix[]
    readonly initialState: readonly { readonly forward: { readonly h: Matrix } }[]
  }
  readonly gradientNorm: number
  readonly clipNorm?: number
  readonly clipped?: GoldenWeights
}

/** Compiled tests run from dist/test/model; the files stay where they are. */
const FOLDER = new URL('../../../test/golden/', import.meta.url)

export const goldenFiles = (): string[] => readdirSync(FOLDER).filter((name) => /^gru.*\.json$/.test(name))

export function readGolden(file: string): Golden {
  return JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Golden
}

/** The same numbers in this project's arrangement: kernels [x, h] × (r, z) and [x, h] × candidate. */
export function toGruWeights(tf: TensorFlow, layer: GoldenLayer): GruWeights {
  const hidden = layer.b_z.length
  /** [hidden, hidden + input] on [h, x] → [input + hidden, hidden] on [x, h] */
  const turn = (w: Matrix): number[][] => {
    const inputs = w[0]!.length - hidden
    return Array.from({ length: inputs + hidden }, (_, i) =>
      w.map((row) => row[i < inputs ? hidden + i : i - inputs]!),
    )
  }
  const reset = turn(layer.W_r)
  const update = turn(layer.W_z)
  return {
    gates: tf.tensor2d(reset.map((row, i) => [...row, ...update[i]!])),
    gatesBias: tf.tensor1d([...layer.b_r, ...layer.b_z]),
    candidate: tf.tensor2d(turn(layer.W_h)),
    candidateBias: tf.tensor1d([...layer.b_h]),
  }
}

/** All weights in one order, the same for values and gradients: layers, W_hyᵀ, b_y. */
export function flatWeights(tf: TensorFlow, w: GoldenWeights): (Tensor1D | Tensor2D)[] {
  const layers = w.layers.flatMap(({ forward }) => {
    const { gates, gatesBias, candidate, candidateBias } = toGruWeights(tf, forward)
    return [gates, gatesBias, candidate, candidateBias]
  })
  return [...layers, tf.transpose(tf.tensor2d(w.W_hy.map((row) => [...row]))), tf.tensor1d([...w.b_y])]
}
