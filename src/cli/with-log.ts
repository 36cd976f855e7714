import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
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

/**
 * Opens the configured broker for a command that changes something in it. Rejects with `BrokerError('locked')` while a
 * daemon holds the embedded log; on Kafka, what such a command copies of states lies in a folder of its own.
 */
export async function withOwnLog<T>(
  config: Config,
  { cwd, pid }: CliContext,
  use: (broker: OpenBroker) => Promise<T>,
): Promise<T> {
  const place = brokerPlace(config, resolve(cwd, config.dataDir))
  const dir = place.kind === 'kafka' ? await mkdtemp(join(tmpdir(), 'tidecast-')) : place.dir
  try {
    const broker = await openBroker({ ...place, dir }, { clock: systemClock, pid })
    try {
      return await use(broker)
    } finally {
      await broker.close()
    }
  } finally {
    if (dir !== place.dir) await rm(dir, { recursive: true, force: true })
  }
}

/** Throws for a name that no pipeline of the configuration has. */
export function pipelineNamed(config: Config, name: string): PipelineConfig {
  const pipeline = config.pipelines.find((candidate) => candidate.name === name)
  if (pipeline !== undefined) return pipeline
  const names = config.pipelines.map((candidate) => candidate.name).join(', ')
  throw new Error(`there is no pipeline "${name}" in the configuration, which has: ${names || 'none'}`)
}
