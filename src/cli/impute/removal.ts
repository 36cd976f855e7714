import type { Random } from '../../model/random.js'

/** Share of the known values that is taken away, half of it to calibrate and half to measure. */
const SHARE = 0.08
const SHORTEST = 3

/** What was taken away from a series, by step. */
export interface Removal {
  /** The series without it. */
  readonly values: Float64Array
  /** Removed steps, ascending: those that calibrate the intervals, and those that nothing has seen. */
  readonly calibration: readonly number[]
  readonly test: readonly number[]
}

/** Lengths of the stretches that are removed: three steps to a short season, as far as gaps are filled. */
export function stretchLengths(short: number, longest: number): readonly [number, number] {
  return [SHORTEST, Math.min(longest, Math.max(2 * SHORTEST, short))]
}

/** Takes stretches of random lengths away at random places, one for calibration and one for the test in turn. */
export function removeStretches(
  values: Float64Array,
  [least, most]: readonly [number, number],
  random: Random,
): Removal {
  const left = values.slice()
  const removed: [number[], number[]] = [[], []]
  const apart = (least + most) / 2 / SHARE // mean distance from start to start
  for (let at = random.integer(apart), turn = 1; ; turn = 1 - turn) {
    const length = least + random.integer(most - least + 1)
    if (at + length >= values.length) break // the end stays, so that there is a known value on both sides
    for (let t = Math.max(1, at); t < at + length; t++) {
      if (values[t] !== values[t]) continue
      left[t] = NaN
      removed[turn as 0 | 1].push(t)
    }
    at += length + 1 + random.integer(2 * (apart - length))
  }
  return { values: left, calibration: removed[0], test: removed[1] }
}
