import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openKafkaBroker, type KafkaBroker } from '../../src/adapters/kafka/kafka-broker.js'
import type { KafkaConnection } from '../../src/ports/broker-place.js'
import { systemClock } from '../../src/ports/clock.js'
import { Household } from '../household.js'

export const PARTITIONS = 4
export const SERIES = 1000
/** Champions of the benchmarks' pipelines, for every process. */
export const MODELS_TOPIC = 'bench.models'
/** Steps of all series in one append. */
const STEPS = 6

/** Records keep the times of their observations, years ago; a long soak must not fill the disk. */
const RETENTION = {
  'log.retention.ms': -1,
  'log.retention.bytes': 2 ** 29,
  'log.segment.bytes': 2 ** 26,
  'log.retention.check.interval.ms': 10_000,
}

export interface RealKafka {
  readonly brokers: string
  stop(): Promise<void>
}

const script = (name: string): Promise<unknown> =>
  import(new URL(`../../../scripts/${name}.mjs`, import.meta.url).href)

/** A Kafka of its own, on the cores that the benchmark itself runs on. */
export async function startKafka(): Promise<RealKafka> {
  const { startKafka: start } = (await script('kafka/server')) as {
    startKafka: (options: { readonly settings: object }) => Promise<RealKafka>
  }
  return start({ settings: RETENTION })
}

/** Interpreter with PyTorch and confluent-kafka; `null`, told loudly, where there is none to be had. */
export async function python(): Promise<string | null> {
  const { pythonWithTorch } = (await script('python-venv')) as { pythonWithTorch: () => Promise<string> }
  try {
    return await pythonWithTorch()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    process.stderr.write(`SKIPPED: the comparison with Python. ${reason}\n`)
    return null
  }
}

export function connectionTo(brokers: string): KafkaConnection {
  return {
    brokers: [brokers],
    clientId: 'bench',
    connectionTimeoutMs: 3000,
    requestTimeoutMs: 30_000,
    authenticationTimeoutMs: 10_000,
    compression: 'none',
  }
}

/** A connection with a data directory of its own. */
export async function connect(
  brokers: string,
): Promise<{ readonly broker: KafkaBroker; readonly end: () => Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'tidecast-bench-'))
  const broker = await openKafkaBroker({
    connection: connectionTo(brokers),
    dir,
    mapSizeBytes: 2 ** 36,
    createTopics: true,
    standby: false,
    replicationFactor: -1,
    modelsTopic: MODELS_TOPIC,
    sessionTimeoutMs: 20_000,
    heartbeatMs: 1000,
    clock: systemClock,
    pid: process.pid,
    log: () => undefined,
  })
  return {
    broker,
    end: async () => {
      await broker.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** Makes the topic and appends `perSeries` observations of each of the series. Returns their number. */
export async function fill(broker: KafkaBroker, topic: string, perSeries: number): Promise<number> {
  await broker.ensureTopics([{ name: topic, partitions: PARTITIONS }])
  const household = await Household.read()
  for (let step = 0; step < perSeries; step += STEPS) {
    await broker.append(household.records(topic, SERIES, step, Math.min(step + STEPS, perSeries)))
  }
  return perSeries * SERIES
}
