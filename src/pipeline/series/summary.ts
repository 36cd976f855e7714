import { F64, F64_WIDTH } from '../../core/layout.js'
import { newestAnomaly } from '../../core/anomaly.js'
import { seriesCoverage, seriesMase, seriesScores } from '../../core/series-scores.js'
import { newestValue } from '../../core/series-reading.js'
import type { CellKind } from '../../core/network-spec.js'
import type { Observed, SeriesState, SeriesSummary } from '../../ports/control/series.js'
import { modelLabel } from '../active-model.js'
import type { PartitionStates } from '../partition-states.js'
import { isStale } from './stale.js'

/** What a list says of a series. */
export function summaryOf(states: PartitionStates, slot: number): SeriesSummary {
  const { table, slots } = states
  const at = slot * F64_WIDTH
  const observations = table.f64[at + F64.count]!
  return {
    series: slots.name(slot)!,
    observations,
    lastAt: observations > 0 ? table.f64[at + F64.ts]! : null,
    lastValue: observations > 0 ? newestOf(states, slot) : null,
    mase: known(maseOf(states, slot)),
    coverage: known(seriesCoverage(table, slot)),
    anomalyScore: known(anomalyOf(states, slot)),
    stale: isStale(states, slot),
  }
}

export interface Whereabouts {
  readonly partition: number
  readonly place: SeriesState['place']
  readonly cell: CellKind
  /** Version of the network in use, 0 = the baseline. */
  readonly version: number
}

/** What one series carries. */
export function stateOf(
  states: PartitionStates,
  slot: number,
  { partition, place, cell, version }: Whereabouts,
): SeriesState {
  const { table } = states
  const at = slot * F64_WIDTH
  const warmSteps = table.f64[at + F64.warm]!
  const under = states.versions[slot]!
  return {
    ...summaryOf(states, slot),
    partition,
    place,
    model: modelLabel(warmSteps >= states.warmUp ? version : 0, cell),
    warmSteps,
    warmUp: states.warmUp,
    hiddenState: under > 0 ? modelLabel(under, cell) : null,
    scaler: {
      mean: table.mean(slot),
      scale: table.scale(slot),
      naiveError: table.f64[at + F64.naiveError]!,
    },
    accuracy: seriesScores(table, slot).map(({ bucket, published, baseline }) => ({
      steps: bucket.label,
      network: published,
      baseline,
    })),
    loadedAt: table.f64[at + F64.offset]!,
    bytes: states.bytesPerSeries,
  }
}

/** NaN until something could be scored. */
export function maseOf({ table }: PartitionStates, slot: number): number {
  return seriesMase(table, slot)
}

export function anomalyOf({ table }: PartitionStates, slot: number): number {
  return newestAnomaly(table, slot)
}

function newestOf({ table, symbols }: PartitionStates, slot: number): Observed {
  const value = newestValue(table, slot)
  if (value !== value) return null
  return symbols === null ? value : (symbols.vocabulary.name(value) ?? null)
}

function known(figure: number): number | null {
  return figure === figure ? figure : null
}
