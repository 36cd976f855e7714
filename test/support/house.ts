import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { openEmbeddedBroker, type EmbeddedBroker } from '../../src/adapters/embedded/embedded-broker.js'
import type { PipelineConfig } from '../../src/config/types.js'
import { systemClock } from '../../src/ports/clock.js'
import { readOutputs, type SeriesOutput } from './outputs.js'
import { pipelineConfig } from './pipeline-config.js'
import { storedStates, type StoredPipeline } from './stored-states.js'

/** The pipeline of the tests that run a whole daemon on the household's meters. */
export const HOUSE = 'house'

/** An hour and seven of them in place of a day and a week: states stay small, and seasons come round soon. */
export function houseSettings(
  more: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    interval: '1m',
    season: [60, 420],
    horizon: 12,
    partitions: 2,
    // Small batches: a good part of the time is spent settling, where a crash could do most harm.
    batch: { maxRecords: 200 },
    state: { snapshotEvery: '1s' },
    model: { hidden: 16 },
    training: { enabled: false },
    ...more,
  }
}

export function houseConfig(more: Readonly<Record<string, unknown>> = {}): PipelineConfig {
  return pipelineConfig(HOUSE, houseSettings(more))
}

export function daemonConfig(settings: Readonly<Record<string, unknown>>): object {
  return { log: { level: 'debug', format: 'json' }, pipelines: { [HOUSE]: settings } }
}

/** Runs `use` with a data directory of its own, which is removed afterwards. */
export async function withDataDirectory(use: (dataDir: string) => Promise<void>): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tidecast-'))
  try {
    await use(dataDir)
  } finally {
    await rm(dataDir, { recursive: true })
  }
}

/** Runs `use` with the log of a data directory that no daemon runs on. */
export async function withLogOf<T>(dataDir: string, use: (broker: EmbeddedBroker) => Promise<T>): Promise<T> {
  const dir = join(dataDir, 'log')
  const broker = await openEmbeddedBroker({
    dir,
    mapSizeBytes: 2 ** 34,
    clock: systemClock,
    pid: process.pid,
  })
  try {
    return await use(broker)
  } finally {
    await broker.close()
  }
}

export interface Leftovers extends StoredPipeline {
  readonly outputs: Map<string, SeriesOutput>
  /** Rejected records, by reason. */
  readonly rejected: Map<string, number>
}

/** What a daemon that has ended left behind. */
export function leftoversOf(dataDir: string, config: PipelineConfig): Promise<Leftovers> {
  return withLogOf(dataDir, async (broker) => ({
    ...(await storedStates(broker, config)),
    outputs: await readOutputs(broker, config),
    rejected: await countRejected(broker, config.deadLetter),
  }))
}

async function countRejected(broker: EmbeddedBroker, topic: string): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  const partitions = (await broker.describe(topic)) ?? []
  for (let partition = 0; partition < partitions.length; partition++) {
    for await (const records of broker.read(topic, partition, {})) {
      for (const { headers } of records) {
        const reason = Buffer.from(headers?.['tidecast-reason'] ?? []).toString()
        counts.set(reason, (counts.get(reason) ?? 0) + 1)
      }
    }
  }
  return counts
}
