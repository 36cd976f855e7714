import { join } from 'node:path'
import type { EmbeddedBroker } from '../../src/adapters/embedded/embedded-broker.js'
import type { PipelineConfig } from '../../src/config/types.js'
import type { OutboundRecord } from '../../src/ports/broker.js'
import { pinNetwork } from './pinned-network.js'
import { startPipeline } from './pipeline-at-work.js'
import { pipelineConfig } from './pipeline-config.js'

const HOUR = 3_600_000
const START = Date.UTC(2026, 0, 1)
const SYMBOLS = ['off', 'idle', 'busy']

/** Observations of each series in the stored data. */
export const STORED_HOURS = 60
export const STORED_SERIES = ['a', 'b', 'c']

/** Pipelines of which data are kept as older versions have written them. They stay as they are. */
export const STORED_PIPELINES: readonly PipelineConfig[] = [
  pipelineConfig('meters', {
    interval: '1h',
    season: [12, 24],
    horizon: 4,
    model: { hidden: 8, warmUp: 4 },
    state: { snapshotEvery: '100ms' },
    training: { enabled: false },
  }),
  pipelineConfig('doors', {
    kind: 'symbols',
    symbols: { maxVocabulary: 8 },
    state: { snapshotEvery: '100ms' },
    training: { enabled: false },
  }),
]

export const storedHour = (hour: number): number => START + hour * HOUR

/** The number, or the symbol, of a series at an hour. */
export function storedValue({ kind }: PipelineConfig, series: string, hour: number): number | string {
  const at = hour + STORED_SERIES.indexOf(series)
  return kind === 'symbols' ? SYMBOLS[(at * at) % 3]! : 10 + Math.round(4 * Math.sin(at / 2))
}

/** Observations of all series, for the hours from `from` on, before `to`. */
export function storedRecords(config: PipelineConfig, from: number, to: number): OutboundRecord[] {
  return Array.from({ length: to - from }, (_, i) => from + i).flatMap((hour) =>
    STORED_SERIES.map((series) => {
      const value = JSON.stringify({ ts: storedHour(hour), value: storedValue(config, series, hour) })
      return {
        topic: config.topic,
        key: Buffer.from(series),
        value: Buffer.from(value),
        timestamp: storedHour(hour),
      }
    }),
  )
}

/** Runs the pipelines over the first hours, the meters under a network. */
export async function writeStoredData(broker: EmbeddedBroker): Promise<void> {
  await pinNetwork(broker.models, STORED_PIPELINES[0]!, STORED_SERIES)
  for (const config of STORED_PIPELINES) {
    const { pipeline, account } = await startPipeline(config, broker)
    const records = storedRecords(config, 0, STORED_HOURS)
    await broker.append(records)
    await account.settled(records.length)
    await pipeline.stop()
  }
}

/** Folder of the log in a data directory. */
export const logIn = (dataDir: string): string => join(dataDir, 'log')
