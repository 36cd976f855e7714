import type { SeriesHistory } from '../core/history.js'
import type { Random } from '../model/random.js'

/** Steps held in memory while training, about 100 bytes each: several times what the largest number of updates can see. */
const MAX_STEPS = 3_000_000

/** All series, or where there are too many, a random choice of them; the rest are served as unknown. In their old order. */
export function sampleSeries(
  histories: readonly SeriesHistory[],
  random: Random,
  most = MAX_STEPS,
): readonly SeriesHistory[] {
  const steps = (list: readonly SeriesHistory[]): number =>
    list.reduce((sum, one) => sum + one.values.length, 0)
  if (steps(histories) <= most) return histories
  const share = most / steps(histories)
  const chosen = histories.filter(() => random.uniform() < share)
  return chosen.length > 0 ? chosen : histories.slice(0, 1)
}
