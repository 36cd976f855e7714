import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core'
import type { LayerWeights } from './cell.js'
import type { TensorFlow } from './tensorflow.js'

/** One array of weights inside the flat vector. */
export interface WeightEntry {
  readonly name: string
  readonly shape: readonly number[]
  readonly offset: number
  readonly size: number
}

/** Where each array lies in the one flat Float32Array that is trained, stored and swapped in. */
export interface WeightLayout {
  readonly entries: readonly WeightEntry[]
  /** Floats in all. */
  readonly size: number
}

/** Lays the arrays out one after the other. */
export function layOut(arrays: readonly (readonly [name: string, shape: readonly number[]])[]): WeightLayout {
  let offset = 0
  const entries = arrays.map(([name, shape]): WeightEntry => {
    const size = shape.reduce((a, b) => a * b, 1)
    const entry = { name, shape, offset, size }
    offset += size
    return entry
  })
  return { entries, size: offset }
}

/** Cuts the flat vector into its arrays: one split, whose gradient is one concatenation. */
export function cut(tf: TensorFlow, { entries }: WeightLayout, flat: Tensor1D): ReadonlyMap<string, Tensor> {
  const sizes = entries.map((entry) => entry.size)
  const parts = tf.split<Tensor>(flat, sizes)
  return new Map(
    entries.map(({ name, shape }, i) => [
      name,
      shape.length === 1 ? parts[i]! : tf.reshape(parts[i]!, [...shape]),
    ]),
  )
}

/** The arrays whose names begin with the prefix, by the rest of their names. */
export function layerOf(arrays: ReadonlyMap<string, Tensor>, prefix: string): LayerWeights {
  const own = [...arrays].filter(([name]) => name.startsWith(prefix))
  return Object.fromEntries(own.map(([name, tensor]) => [name.slice(prefix.length), tensor]))
}
