import type { EmbeddedBroker } from '../../adapters/embedded/embedded-broker.js'
import type { PipelineConfig } from '../../config/types.js'
import { Pipeline } from '../../pipeline/pipeline.js'
import { systemClock } from '../../ports/clock.js'
import type { Engine } from '../../ports/engine.js'
import type { Telemetry } from '../../telemetry/telemetry.js'

const POLL_MS = 50

export interface StreamOptions {
  readonly broker: EmbeddedBroker
  readonly engine: Engine
  readonly telemetry: Telemetry
  readonly signal: AbortSignal
  /** Of the records in the topic. */
  readonly onRecords: (records: number) => void
}

/**
 * Runs a pipeline for as long as `use` takes.
 * @param use is handed a wait until so many records have been settled
 */
export async function withPipeline(
  config: PipelineConfig,
  { broker, engine, telemetry, signal, onRecords }: StreamOptions,
  use: (pipeline: Pipeline, drained: (records: number) => Promise<void>) => Promise<void>,
): Promise<void> {
  let problem: { error: unknown } | undefined
  const pipeline = new Pipeline({
    config,
    broker,
    models: broker.models,
    engine,
    registry: null,
    telemetry: telemetry.pipeline(config.name),
    clock: systemClock,
    retention: {},
    failed: (error) => (problem = { error }),
  })
  await pipeline.start()
  try {
    await use(pipeline, async (records) => {
      while (pipeline.progress.records < records) {
        signal.throwIfAborted()
        if (problem !== undefined) throw problem.error
        onRecords(pipeline.progress.records)
        await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      }
    })
  } finally {
    await pipeline.stop()
  }
}
