import type { EncodedSeries } from './encode-history.js'
import { TrainingError } from './error.js'

/** A series of so many steps, and their time stamps (ms). */
export interface Timed {
  readonly length: number
  readonly ts: Float64Array
}

/** Where a series' training, early stopping and promotion parts end; steps, exclusive. */
export interface SplitSeries<S extends Timed = EncodedSeries> {
  readonly series: S
  readonly training: number
  readonly validation: number
  readonly holdout: number
}

/**
 * Cuts all series at two common points in time, so that no series can tell another's future: the last `holdout` of all
 * steps judge the promotion, the last `validation` of the rest stop the training.
 */
export function splitByTime<S extends Timed>(
  series: readonly S[],
  validation: number,
  holdout: number,
): readonly SplitSeries<S>[] {
  const holdoutFrom = cutTime(series, 1 - holdout)
  const validationFrom = cutTime(series, (1 - holdout) * (1 - validation))
  return series.map((one) => ({
    series: one,
    training: stepsBefore(one, validationFrom),
    validation: stepsBefore(one, holdoutFrom),
    holdout: one.length,
  }))
}

/** What of the data judges and what stops a training, as shares for `splitByTime`. */
export interface Shares {
  readonly validation: number
  readonly holdout: number
}

/**
 * Shares for a retraining: of what is newer than `since` half judges, and a quarter stops, so that a quarter at least of
 * it is trained on; at most what a first training takes.
 * @param since ms; what is to be judged by is later
 * @param least steps of a series that must be left to judge by
 */
export function sharesSince(series: readonly Timed[], since: number, least: number, most: Shares): Shares {
  const total = series.reduce((sum, one) => sum + one.length, 0)
  const newer = series.reduce((sum, one) => sum + (one.length - stepsBefore(one, since + 1)), 0)
  const longest = series.reduce((steps, one) => Math.max(steps, one.length - stepsBefore(one, since + 1)), 0)
  if (longest < least) {
    throw new TrainingError(
      'too-little-data',
      `${longest} steps are newer than the network, ${least} are needed`,
    )
  }
  const judged = Math.min(most.holdout, Math.max(newer / 2, (newer * least) / longest) / total)
  return { holdout: judged, validation: Math.min(most.validation, judged / 2 / (1 - judged)) }
}

/** The time before which `share` of all steps lie. */
function cutTime(series: readonly Timed[], share: number): number {
  const total = series.reduce((sum, one) => sum + one.length, 0)
  if (share >= 1) return Infinity
  let low = series.reduce((least, one) => Math.min(least, one.ts[0]!), Infinity)
  let high = series.reduce((most, one) => Math.max(most, one.ts.at(-1)!), -Infinity)
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    const before = series.reduce((sum, one) => sum + stepsBefore(one, middle), 0)
    if (before < share * total) low = middle
    else high = middle
  }
  return high
}

/** Number of a series' steps before a time: binary search. */
function stepsBefore(series: Timed, time: number): number {
  let low = 0
  let high = series.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (series.ts[middle]! < time) low = middle + 1
    else high = middle
  }
  return low
}
