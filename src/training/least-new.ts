import type { TrainingConfig } from '../config/types.js'
import type { SeriesShape } from '../core/layout.js'

const SEASONS = 4
const FEWEST = 60

/** Steps of a series that must be newer than the network in office for a retraining: half of them judge it. */
export function leastNew(
  { minNew }: Pick<TrainingConfig, 'minNew'>,
  { season }: Pick<SeriesShape, 'season'>,
): number {
  return minNew > 0 ? minNew : Math.max(FEWEST, SEASONS * season.long)
}

/** Those of them that judge it. */
export function leastJudged(...of: Parameters<typeof leastNew>): number {
  return Math.ceil(leastNew(...of) / 2)
}
