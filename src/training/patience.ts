import type { PipelineConfig } from '../config/types.js'

const SEASONS = 2
/** Where there is no season, in place of the steps of two long ones. */
const WITHOUT_SEASON = 336
/** Where there is no grid: in place of the length of two long seasons. */
const WITHOUT_GRID_MS = 14 * 86_400_000

/** For how long live forecasts are watched before something is decided by them, unless configured; ms of the stream. */
export function patienceOf({ interval, season }: Pick<PipelineConfig, 'interval' | 'season'>): number {
  if (interval === 0) return WITHOUT_GRID_MS
  return (season.long > 1 ? SEASONS * season.long : WITHOUT_SEASON) * interval
}
