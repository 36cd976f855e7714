import type { PipelineTelemetry } from '../telemetry/pipeline-telemetry.js'
import type { SettledBatch } from './settle.js'

/** Tells the telemetry of a settled batch: per batch and wave, never per record. */
export function report(settled: SettledBatch, telemetry: PipelineTelemetry, now: number): void {
  const { advance, partition, snapshot } = settled
  telemetry.batch({
    partition,
    records: settled.records,
    accepted: advance.accepted,
    rejected: advance.rejected,
    tombstones: advance.tombstones,
    newSeries: advance.newSeries,
    forgotten: advance.forgotten,
    forecasts: { network: advance.byNetwork, baseline: advance.forecasts - advance.byNetwork },
    masked: advance.masked,
    resets: advance.resets,
    anomalies: advance.anomalies,
    seconds: settled.seconds,
    latencySeconds: Math.max(0, (now - settled.oldest) / 1000),
    lag: settled.lag,
  })
  for (const { rows, seconds } of advance.waves) telemetry.step(rows, seconds)
  for (const reading of advance.named) telemetry.named(reading)
  for (const alarm of advance.drift) telemetry.drift({ partition, ...alarm })
  if (snapshot !== null) telemetry.snapshot({ partition, ...snapshot })
}
