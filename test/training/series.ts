import type { SeriesHistory } from '../../src/core/history.js'
import { Random } from '../../src/model/random.js'

export const HOUR = 3_600_000
export const SHAPE = {
  interval: HOUR,
  season: { short: 8, long: 24 },
  horizon: 6,
  quantiles: [0.1, 0.5, 0.9],
} as const

/** A season, a slow swing that the seasonal naive forecast cannot see, and noise. */
export function syntheticSeries(series: string, steps: number, seed: number): SeriesHistory {
  const random = new Random(seed)
  const start = 100
  let drift = 0
  const values = Float64Array.from({ length: steps }, (_, t) => {
    drift = 0.9 * drift + 0.3 * random.normal()
    return 10 + 3 * Math.sin((2 * Math.PI * t) / 8) + drift + 0.2 * random.normal()
  })
  return { series, start, values, ts: values.map((_, t) => (start + t) * HOUR) }
}

export function withGaps(history: SeriesHistory, every: number): SeriesHistory {
  return { ...history, values: history.values.map((x, t) => (t % every < 2 ? NaN : x)) }
}
