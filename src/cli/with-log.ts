import { join, resolve } from 'node:path'
import { openEmbeddedBroker, type EmbeddedBroker } from '../adapters/embedded/embedded-broker.js'
import type { Config, PipelineConfig } from '../config/types.js'
import { systemClock } from '../ports/clock.js'
import type { CliContext } from './context.js'

export interface LogPlace {
  readonly dir: string
  readonly mapSizeBytes: number
}

/** Opens the embedded log for reading, also beside a running daemon. */
export async function withLog<T>(
  config: Config,
  { cwd, pid }: CliContext,
  use: (broker: EmbeddedBroker, place: LogPlace) => T | Promise<T>,
): Promise<T> {
  const { mapSizeBytes } = config.broker.embedded
  const place = { dir: join(resolve(cwd, config.dataDir), 'log'), mapSizeBytes }
  const broker = await openEmbeddedBroker({ ...place, clock: systemClock, pid, readOnly: true })
  try {
    return await use(broker, place)
  } finally {
    await broker.close()
  }
}

/** Throws for a name that no pipeline of the configuration has. */
export function pipelineNamed(config: Config, name: string): PipelineConfig {
  const pipeline = config.pipelines.find((candidate) => candidate.name === name)
  if (pipeline !== undefined) return pipeline
  const names = config.pipelines.map((candidate) => candidate.name).join(', ')
  throw new Error(`there is no pipeline "${name}" in the configuration, which has: ${names || 'none'}`)
}
