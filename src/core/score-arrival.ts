import type { Arrivals } from './arrivals.js'
import type { Calibration } from './calibration.js'
import { modulo } from './layout.js'
import type { Scoreboard } from './scoreboard.js'
import { learnSeriesScores } from './series-scores.js'
import type { SeriesTable } from './series-table.js'

/**
 * An observation has come: scores every open forecast of it, published and (on the same targets) baseline, in the
 * partition's sums and in the series' own, and lets the calibration learn. The baseline's interval is the one of just
 * before the observation: those of all origins would take more memory than the forecasts themselves.
 * @param row of the observation in `arrivals`
 * @param learnSteps calibration learns from forecasts made at most so many steps ago: a network made those, while older
 *   ones may be the baseline's
 * @param ownSteps forecasts made more steps ago are not of the model in use, and not scored
 */
export function scoreArrival(
  table: SeriesTable,
  slot: number,
  index: number,
  value: number,
  arrivals: Arrivals,
  row: number,
  calibration: Calibration,
  learnSteps: number,
  board: Scoreboard,
  ownSteps = Infinity,
): void {
  const { layout, f32 } = table
  const { steps, open, buckets } = layout
  const { ours, theirs } = board
  const at = slot * layout.width
  const naiveError = arrivals.naiveError(row)
  const weight = board.weigh(index)
  const reach = board.reach(ownSteps)
  for (let b = 0, j = 0; b < buckets.length; b++) {
    for (const end = buckets[b]!.end; j < end; j++) {
      const h = steps[j]!
      const p = at + open[j]! + 3 * modulo(index, h)
      const lower = f32[p]!
      if (lower !== lower) continue
      const median = f32[p + 1]!
      const upper = f32[p + 2]!
      if (h <= learnSteps) calibration.learn(table, slot, j, value, lower, median, upper)
      if (h > reach) continue
      const l = arrivals.lag(row, h)
      if (l < 0) continue // the baseline's point has left the ring, and both are to have the same targets
      ours.add(value, lower, median, upper, naiveError)
      const point = arrivals.baseline(row, l, 0)
      theirs.add(value, arrivals.baseline(row, l, 1), point, arrivals.baseline(row, l, 2), naiveError)
    }
    if (ours.count === 0) continue
    learnSeriesScores(table, slot, b, ours, theirs)
    board.settle(b, weight)
  }
  calibration.settle(table, slot)
}
