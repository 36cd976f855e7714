import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Activation, CellKind } from '../../core/network-spec.js'
import type { Merge } from '../../model/bidirectional.js'

export type Matrix = readonly (readonly number[])[]

/** One chain's weights as the files have them: W_* [hidden, hidden + input] act on the column [h, x], b_* [hidden]. */
export type GoldenChain = Readonly<Record<string, Matrix | readonly number[]>>

/** Something that exists once per chain: a bidirectional layer has two. */
export interface Chains<T> {
  readonly forward: T
  readonly backward?: T
}

export interface GoldenWeights {
  readonly layers: readonly Chains<GoldenChain>[]
  readonly W_hy: Matrix
  readonly b_y: readonly number[]
}

/** Each [batch, hidden]. */
export interface GoldenState {
  readonly h: Matrix
  readonly c?: Matrix
}

/** One small network, and what another implementation found for it in double precision. */
export interface Golden {
  readonly name: string
  readonly cell: CellKind
  readonly activation: Activation
  readonly bidirectional: Merge | null
  readonly hiddenSize: number
  readonly steps: number
  readonly batch: number
  /** Length of a truncated-BPTT chunk. */
  readonly chunk: number | null
  readonly weights: GoldenWeights
  readonly initialState: readonly Chains<GoldenState>[]
  /** [steps, batch, input] */
  readonly x: readonly Matrix[]
  /** [steps, batch, output] */
  readonly target: readonly Matrix[]
  readonly hidden: readonly Matrix[]
  readonly output: readonly Matrix[]
  readonly finalState: readonly Chains<GoldenState>[]
  /** Of each chunk. */
  readonly loss: readonly number[]
  readonly gradients: GoldenWeights & {
    readonly x: readonly Matrix[]
    readonly initialState: readonly Chains<GoldenState>[]
  }
  readonly gradientNorm: number
  readonly clipNorm?: number
  readonly clipped?: GoldenWeights
}

/** The reference files of a folder, in order. */
export function readGolden(folder: string): readonly { readonly file: string; readonly golden: Golden }[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'))
  return files.sort().map((file) => ({ file, golden: parse(join(folder, file)) }))
}

const REQUIRED = ['cell', 'weights', 'initialState', 'x', 'target', 'hidden', 'loss', 'gradients'] as const

function parse(path: string): Golden {
  const read = JSON.parse(readFileSync(path, 'utf8')) as Partial<Golden> | null
  const missing = REQUIRED.filter((key) => read?.[key] === undefined)
  if (missing.length > 0) throw new Error(`${path} is not a reference file: it lacks ${missing.join(', ')}`)
  return read as Golden
}
