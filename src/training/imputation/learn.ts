import { clipByGlobalNorm } from '../../model/clipping.js'
import type { CellChoice } from '../../model/cells.js'
import type { Merge } from '../../model/bidirectional.js'
import {
  imputationGradient,
  initialImputationWeights,
  type ImputationSpec,
} from '../../model/imputation-network.js'
import { Random } from '../../model/random.js'
import type { TensorFlow } from '../../model/tensorflow.js'
import { TrainingError } from '../error.js'
import { AdamW } from '../optimizer.js'
import { HiddenWindows } from './batches.js'
import { CANDIDATES, WINDOW_INPUTS, type ScaledSeries, type Season } from './window.js'

const WINDOWS = 32
const LEARNING_RATE = 5e-3
const WEIGHT_DECAY = 1e-4
const CLIP_NORM = 5
const AVERAGING = 0.99
const WARM_UP = 20
/** Passes over the data that are aimed at, within bounds. */
const PASSES = 50
const FEWEST_UPDATES = 150
const MOST_UPDATES = 400
/** Four short seasons, within bounds. */
const SHORTEST_WINDOW = 48
const LONGEST_WINDOW = 256

/** A trained imputation network. */
export interface Imputer {
  readonly spec: ImputationSpec
  readonly weights: Float32Array
  readonly season: Season
}

export interface LearnGapsOptions extends CellChoice {
  readonly tf: TensorFlow
  readonly fused: boolean
  readonly series: readonly ScaledSeries[]
  readonly season: Season
  readonly merge: Merge
  readonly hidden: number
  readonly quantiles: readonly number[]
  readonly seed: number
  readonly signal: AbortSignal
  readonly onUpdate: (update: number, updates: number, loss: number) => void
}

/** Steps of a window. */
export function windowSteps(season: Season): number {
  return Math.max(SHORTEST_WINDOW, Math.min(LONGEST_WINDOW, 4 * season.short))
}

/** Gaps up to this many steps are filled: half a window, so that as much of it is known. */
export function longestGap(season: Season): number {
  return windowSteps(season) / 2
}

/** Learns to fill gaps by hiding stretches of what is known: both directions, pinball loss, AdamW. */
export async function learnGaps(options: LearnGapsOptions): Promise<Imputer> {
  const { tf, fused, series, season, cell, activation, merge, hidden, quantiles, seed } = options
  const spec: ImputationSpec = {
    ...{ cell, merge, hidden, quantiles, inputs: WINDOW_INPUTS, candidates: CANDIDATES },
    ...(activation === undefined ? {} : { activation }),
  }
  const steps = windowSteps(season)
  if (!enoughToLearn(series, season)) {
    const problem = `at least ${2 * steps} known values are needed to learn to fill gaps, there are ${knownValues(series)}`
    throw new TrainingError('too-little-data', problem)
  }
  const sizes = { steps, windows: WINDOWS, longest: longestGap(season) }
  const windows = new HiddenWindows(series, season, sizes, new Random(seed))
  const weights = initialImputationWeights(spec, seed)
  const adam = new AdamW(weights, WEIGHT_DECAY, AVERAGING)
  const total = series.reduce((sum, { values }) => sum + values.length, 0)
  const wanted = Math.round((PASSES * total) / (steps * WINDOWS))
  const updates = Math.max(FEWEST_UPDATES, Math.min(MOST_UPDATES, wanted))
  for (let update = 1; update <= updates; update++) {
    const { loss, gradient } = imputationGradient(tf, fused, spec, weights, windows.next())
    const norm = clipByGlobalNorm(gradient, CLIP_NORM)
    if (!Number.isFinite(norm)) throw new TrainingError('nan-loss', `gap loss ${loss} at update ${update}`)
    adam.update(gradient, LEARNING_RATE * Math.min(1, update / WARM_UP))
    options.onUpdate(update, updates, loss)
    await new Promise<void>((resolve) => setImmediate(resolve)) // let an abort in
    if (options.signal.aborted) throw new TrainingError('aborted', 'the training was aborted')
  }
  return { spec, weights: adam.average.slice(), season }
}

/** There are as many known values as two windows have steps. */
export function enoughToLearn(series: readonly ScaledSeries[], season: Season): boolean {
  return knownValues(series) >= 2 * windowSteps(season)
}

function knownValues(series: readonly ScaledSeries[]): number {
  return series.reduce((sum, { values }) => sum + values.reduce((n, x) => n + (x === x ? 1 : 0), 0), 0)
}
