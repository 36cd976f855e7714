import type { SeriesHistory } from '../core/history.js'
import type { SeriesShape, StateLayout } from '../core/layout.js'
import type { Random } from '../model/random.js'
import type { TrainingRange } from './dataset.js'
import { encodeHistory } from './encode-history.js'
import { sampleSeries } from './sample.js'

/** Long seasons from one change to the next, at least and at most. */
const CALM = [3, 12] as const
/** A level rises to so many times what it was recorded as at most, and falls to as small a part. */
const MOST_LEVEL = 1.6
/** Steps that are disturbed at most: more of them would not be seen. */
const MOST_STEPS = 300_000

/**
 * A history in which now and then something changes at once and for good that may never have changed in what is known of
 * it: the rhythm moves within the short season, or the level by some factor. Nothing comes from a step's future.
 */
export function disturbed(
  history: SeriesHistory,
  { short, long }: SeriesShape['season'],
  random: Random,
): SeriesHistory {
  const { values } = history
  const first = values.findIndex((value) => value === value)
  const calm = (): number => (CALM[0] + random.uniform() * (CALM[1] - CALM[0])) * long
  let next = first + calm()
  let lag = 0
  let level = 1
  const changed = values.map((value, t) => {
    if (t >= next) {
      next = t + calm()
      if (random.uniform() < 0.5) lag = random.integer(short)
      else level = MOST_LEVEL ** (2 * random.uniform() - 1)
    }
    return t < first ? value : level * values[t - lag]!
  })
  return { ...history, values: changed }
}

/**
 * What is trained on besides, so that a network has seen what it is to do after such a change: the same ranges of disturbed
 * histories, from which `share` of the streams are drawn. None where there is no season.
 */
export function disturbedRanges(
  layout: StateLayout,
  histories: readonly SeriesHistory[],
  share: number,
  random: Random,
): (ranges: readonly TrainingRange[]) => readonly TrainingRange[] {
  if (share === 0 || layout.kind === 'walk') return () => []
  const { season } = layout.shape
  const known = new Map(
    sampleSeries(histories, random, MOST_STEPS).flatMap((history) => {
      const series = encodeHistory(layout, disturbed(history, season, random), 0)
      return series === null ? [] : [[history.series, series]]
    }),
  )
  return (ranges) => {
    const chosen = ranges.flatMap(({ series, end }) => {
      const other = known.get(series.series)
      return other === undefined ? [] : [{ series: other, end }]
    })
    const weight = ((share / (1 - share)) * steps(ranges)) / steps(chosen)
    return chosen.map((range) => ({ ...range, weight }))
  }
}

function steps(ranges: readonly TrainingRange[]): number {
  return ranges.reduce((sum, { end }) => sum + end, 0)
}
