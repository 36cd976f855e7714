import type { DriftAlarm } from '../core/drift.js'
import { F64, F64_WIDTH } from '../core/layout.js'
import type { StaleSeries } from '../ports/control.js'
import type { PipelineTelemetry } from '../telemetry/pipeline-telemetry.js'
import type { PartitionRuntime } from './partition-runtime.js'
import type { Partition } from './partition.js'

type Runtimes = readonly PartitionRuntime[]

/** Observations of the longest series, and of all resident ones. */
export function observations(runtimes: Runtimes): { longest: number; total: number } {
  let longest = 0
  let total = 0
  for (const { partition } of runtimes) {
    const { slots, table } = partition.states
    for (const [, slot] of slots.entries()) {
      const count = table.f64[slot * F64_WIDTH + F64.count]!
      total += count
      if (count > longest) longest = count
    }
  }
  return { longest, total }
}

/** The newest time stamp taken, ms; −Infinity before the first. */
export function newest(runtimes: Runtimes): number {
  return Math.max(...runtimes.map(({ partition }) => partition.states.aligner.watermark))
}

/** Of the partition nearest to an alarm, and the latest alarm of any. */
export function drift(runtimes: Runtimes): { score: number; alarm: DriftAlarm | null } {
  let score = 0
  let alarm: DriftAlarm | null = null
  for (const { partition } of runtimes) {
    const { drift } = partition.states
    score = Math.max(score, drift.score)
    if (drift.alarm !== null && drift.alarm.at > (alarm?.at ?? -Infinity)) alarm = drift.alarm
  }
  return { score, alarm }
}

/** Records that wait. */
export function lag(runtimes: Runtimes): number {
  return runtimes.reduce((sum, runtime) => sum + runtime.lag, 0)
}

/** Series that are resident. */
export function residents(runtimes: Runtimes): number {
  return runtimes.reduce((sum, { partition }) => sum + partition.states.slots.size, 0)
}

/** Series that others have gone on without. */
export function stale(runtimes: Runtimes): StaleSeries {
  let count = 0
  let longest: StaleSeries['longest'] = null
  for (const runtime of runtimes) {
    const found = runtime.stale.look()
    count += found.count
    if ((found.longest?.lastAt ?? Infinity) < (longest?.lastAt ?? Infinity)) longest = found.longest
  }
  return { count, longest }
}

/** As JSON; `null` where the series has made no forecast since this process took it up. */
export function latestForecast(runtimes: Runtimes, series: string): string | null {
  let latest: ReturnType<Partition['latest']> = null
  // Of a series that moved, as its topic got more partitions, the one before still has a forecast.
  for (const { partition } of runtimes) {
    const forecast = partition.latest(series)
    if (forecast !== null && forecast.ts >= (latest?.ts ?? -Infinity)) latest = forecast
  }
  return latest?.json ?? null
}

/**
 * Figures of each partition that change slowly, for the metrics.
 * @param named series that metrics are kept of
 */
export function measurePartitions(
  runtimes: Runtimes,
  named: readonly string[],
  telemetry: PipelineTelemetry,
): void {
  telemetry.holdings({
    partitions: runtimes.map(({ lease }) => lease.partition),
    series: named.filter((name) =>
      runtimes.some(({ partition }) => partition.states.slots.find(name) !== undefined),
    ),
  })
  for (const runtime of runtimes) {
    const { partition } = runtime.lease
    const lost = runtime.lostSinceAsked()
    if (lost > 0) telemetry.lost({ partition, records: lost })
    const { slots, spilled, bytesPerSeries } = runtime.partition.states
    const { count: stale } = runtime.stale.look()
    telemetry.states({ partition, lag: runtime.lag, resident: slots.size, spilled, stale, bytesPerSeries })
  }
}
