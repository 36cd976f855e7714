import { F64, F64_WIDTH, type StateLayout } from './layout.js'
import type { SeriesTable } from './series-table.js'

/** The score of whatever lies beside an interval without width, and of what is further out than that. */
const MOST = 1e6

export interface AnomalyOptions {
  readonly enabled: boolean
  readonly minScore: number
  /** Observations in a row that must score so much. */
  readonly consecutive: number
  /** ms of stream time after a report in which none of the same series is made. */
  readonly cooldown: number
}

/** An observation that is reported, and the forecast of it, made one step before. */
export interface Anomaly {
  readonly slot: number
  /** ms. */
  readonly ts: number
  readonly value: number
  readonly score: number
  readonly lower: number
  readonly median: number
  readonly upper: number
  /** How many in a row it is the last of. */
  readonly consecutive: number
}

/** Distance from the median over the half-width of the interval on that side: above 1 the value lies outside. */
export function anomalyScore(value: number, lower: number, median: number, upper: number): number {
  if (value === median) return 0
  const half = value > median ? upper - median : median - lower
  return half > 0 ? Math.min(MOST, Math.abs(value - median) / half) : MOST
}

/**
 * Scores observations by the forecasts one step ahead of them, and picks those to report. What it needs to remember of a
 * series is part of its row.
 */
export class AnomalyDetector {
  /** @param settled observations before which a series' intervals say too little */
  constructor(
    private readonly layout: StateLayout,
    private readonly options: AnomalyOptions,
    private readonly settled: number,
  ) {}

  /**
   * To be called before the forecasts of the observation are scored.
   * @param observations of the series, this one included
   */
  look(table: SeriesTable, slot: number, ts: number, value: number, observations: number): Anomaly | null {
    const { layout, options } = this
    const { f32, f64 } = table
    const row = slot * layout.width
    const at = row + layout.anomaly
    const open = row + layout.open[0]!
    const lower = f32[open]!
    const known = lower === lower && observations > this.settled
    const median = f32[open + 1]!
    const upper = f32[open + 2]!
    const score = known ? anomalyScore(value, lower, median, upper) : NaN
    f32[at] = score
    if (!(score >= options.minScore)) {
      f32[at + 1] = 0
      return null
    }
    const consecutive = (f32[at + 1]! += 1)
    const told = slot * F64_WIDTH + F64.anomaly
    // Not `<`: before the first report it is NaN.
    const cooling = ts - f64[told]! < options.cooldown
    if (!options.enabled || consecutive < options.consecutive || cooling) return null
    f64[told] = ts
    return { slot, ts, value, score, lower, median, upper, consecutive }
  }
}

/** Of the series' newest observation; NaN where it had no forecast, of symbols, and before intervals say enough. */
export function newestAnomaly({ layout, f32 }: SeriesTable, slot: number): number {
  return layout.kind === 'symbols' ? NaN : f32[slot * layout.width + layout.anomaly]!
}
