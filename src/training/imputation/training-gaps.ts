import type { SeriesHistory } from '../../core/history.js'
import type { StateLayout } from '../../core/layout.js'
import type { CellChoice } from '../../model/cells.js'
import type { TensorFlow } from '../../model/tensorflow.js'
import type { TrainingRange } from '../dataset.js'
import { encodeHistory, type EncodedSeries } from '../encode-history.js'
import { fillGaps, gapsOf } from './fill.js'
import { enoughToLearn, learnGaps, longestGap, type Imputer } from './learn.js'
import { scaled } from './window.js'

const HIDDEN = 32
const QUANTILES = [0.1, 0.5, 0.9] as const
const MEDIAN = 1

/** A series as it was read and as the stream would have seen it. */
export interface KnownSeries {
  readonly history: SeriesHistory
  readonly encoded: EncodedSeries
  /** Steps of `encoded` that are the training stretch: of what comes after nothing is looked at. */
  readonly end: number
}

export interface TrainingGapsOptions extends CellChoice {
  readonly tf: TensorFlow
  readonly fused: boolean
  readonly layout: StateLayout
  readonly seed: number
  readonly signal: AbortSignal
}

/** Learns to fill the gaps of the training stretches from what they know; null where there is none, or too little to learn from. */
export async function learnTrainingGaps(
  options: TrainingGapsOptions,
  known: readonly KnownSeries[],
): Promise<Imputer | null> {
  const { season } = options.layout.shape
  const series = known.map((one) => scaled(one.history, stepsBefore(one)))
  const fillable = ({ values }: (typeof series)[number]): boolean =>
    gapsOf(values).some(({ from, to }) => to - from <= longestGap(season))
  if (!series.some(fillable) || !enoughToLearn(series, season)) return null
  const spec = { merge: 'concat', hidden: HIDDEN, quantiles: QUANTILES } as const
  return learnGaps({ ...options, ...spec, series, season, onUpdate: () => undefined })
}

/** The training stretches with medians in their gaps, encoded anew; one without a gap is the same again. */
export function filledRanges(
  { tf, fused, layout }: TrainingGapsOptions,
  imputer: Imputer,
  known: readonly KnownSeries[],
): TrainingRange[] {
  return known.map((one): TrainingRange => {
    const { history, encoded, end } = one
    const steps = stepsBefore(one)
    const fills = fillGaps(tf, fused, imputer, scaled(history, steps))
    if (fills.steps.length === 0) return { series: encoded, end }
    const values = history.values.slice(0, steps)
    fills.steps.forEach((step, i) => (values[step] = fills.quantiles[QUANTILES.length * i + MEDIAN]!))
    const filled = { ...history, values, ts: history.ts.subarray(0, steps) }
    return { series: encodeHistory(layout, filled, encoded.embedding)!, end }
  })
}

/** The training stretch in steps of the history, which may begin with missing values that an encoded series leaves out. */
function stepsBefore({ history, encoded, end }: KnownSeries): number {
  return history.values.length - encoded.length + end
}
