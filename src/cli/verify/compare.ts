import type { CellForm } from '../../model/cell.js'
import { clipByGlobalNorm, globalNorm } from '../../model/clipping.js'
import type { TensorFlow } from '../../model/tensorflow.js'
import { arrangeWeights } from './arrange.js'
import type { Golden } from './golden.js'
import { expectedOf, runGolden, stepGolden } from './run.js'

/** Relative to each array's largest value. */
export const TOLERANCE = 1e-4

const QUANTITIES = [
  'hidden',
  'stepped',
  'output',
  'finalState',
  'loss',
  'weightGradients',
  'inputGradient',
  'initialStateGradient',
  'gradientNorm',
  'clippedGradients',
] as const
export type Quantity = (typeof QUANTITIES)[number]

/** The largest relative error of each quantity; one that the file does not have is absent. */
export type Errors = Readonly<Partial<Record<Quantity, number>>>

/** Compares one form of a network's cells with the reference. */
export function compareGolden(tf: TensorFlow, golden: Golden, form: CellForm): Errors {
  const expected = expectedOf(golden)
  const actual = runGolden(tf, golden, form)
  const stepped = stepGolden(tf, golden, form)
  const all = Float32Array.from(actual.weightGradients.flatMap((g) => [...g]))
  const perWeight = actual.weightGradients.map((g, i) => relativeError(g, expected.weightGradients[i]!))
  const errors = {
    hidden: relativeError(actual.hidden, expected.hidden),
    ...(stepped === null ? {} : { stepped: relativeError(stepped, expected.hidden) }),
    output: relativeError(actual.output, expected.output),
    finalState: relativeError(actual.finalState, expected.finalState),
    loss: relativeError(actual.loss, expected.loss),
    weightGradients: largest(perWeight),
    inputGradient: relativeError(actual.inputGradient, expected.inputGradient),
    initialStateGradient: relativeError(actual.initialStateGradient, expected.initialStateGradient),
    gradientNorm: relativeError([globalNorm(all)], [golden.gradientNorm]),
  }
  const { clipNorm, clipped } = golden
  if (clipNorm === undefined || clipped === undefined) return errors
  clipByGlobalNorm(all, clipNorm)
  let at = 0
  const perClipped = arrangeWeights(golden.cell, clipped).map(({ values }) =>
    relativeError(all.subarray(at, (at += values.length)), values),
  )
  return { ...errors, clippedGradients: largest(perClipped) }
}

/** max |a − e| / max |e|; infinite where one is of another length or not finite. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity
  let off = 0
  let scale = 0
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!)
    if (!(difference < Infinity)) return Infinity
    off = Math.max(off, difference)
    scale = Math.max(scale, Math.abs(expected[i]!))
  }
  return scale === 0 ? off : off / scale
}

function largest(errors: readonly number[]): number {
  return errors.reduce((most, error) => Math.max(most, error), 0)
}

/** The quantity that is furthest off. */
export function worst(errors: Errors): { readonly quantity: Quantity; readonly error: number } {
  const entries = QUANTITIES.map((quantity) => ({ quantity, error: errors[quantity] ?? 0 }))
  return entries.reduce((most, entry) => (entry.error > most.error ? entry : most))
}
