import { resolve } from 'node:path'
import type { Config, PipelineConfig } from '../config/types.js'
import type { BrokerPlace } from '../ports/broker-place.js'
import { systemClock } from '../ports/clock.js'
import { brokerPlace, openBroker, type OpenBroker } from './broker.js'
import type { CliContext } from './context.js'

/** Opens the configured broker for reading, also beside a running daemon. */
export async function withLog<T>(
  config: Config,
  { cwd, pid }: CliContext,
  use: (broker: OpenBroker, place: BrokerPlace) => T | Promise<T>,
): Promise<T> {
  const place = brokerPlace(config, resolve(cwd, config.dataDir))
  const broker = await openBroker(place, { clock: systemClock, pid, readOnly: true })
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
