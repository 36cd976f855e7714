import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { openKafkaBroker } from '../../src/adapters/kafka/kafka-broker.js'
import type { KafkaBroker, KafkaBrokerOptions } from '../../src/adapters/kafka/kafka-broker.js'
import { systemClock } from '../../src/ports/clock.js'
import { unlessAvailable } from './requirement.js'

export interface RealKafka {
  readonly brokers: string
  readonly pid: number
  stop(): Promise<void>
  kill(): Promise<void>
}

interface Scripts {
  startKafka(options?: { readonly port?: number; readonly dir?: string }): Promise<RealKafka>
}

const scripts = (name: string): Promise<unknown> =>
  import(new URL(`../../../scripts/kafka/${name}.mjs`, import.meta.url).href)

const { missingForKafka } = (await scripts('jars')) as { readonly missingForKafka: () => string | null }

/** For a test's `skip`: a real Kafka takes Java, and Maven the first time. */
export const withoutKafka = unlessAvailable(missingForKafka() === null, missingForKafka() ?? 'nothing')

/** A broker of its own for one file of tests. */
export async function startKafka(options?: Parameters<Scripts['startKafka']>[0]): Promise<RealKafka> {
  return ((await scripts('server')) as Scripts).startKafka(options)
}

/** A connection with quick heartbeats and, where none is given, a folder of its own. */
export async function connectKafka(
  brokers: string,
  options: Partial<KafkaBrokerOptions> = {},
): Promise<{ readonly broker: KafkaBroker; readonly dir: string; readonly end: () => Promise<void> }> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'tidecast-kafka-states-')))
  const broker = await openKafkaBroker({
    connection: {
      brokers: [brokers],
      clientId: 'tidecast-test',
      connectionTimeoutMs: 3000,
      requestTimeoutMs: 30_000,
    },
    dir,
    mapSizeBytes: 64 * 2 ** 20,
    replicationFactor: -1,
    // Of its own for every connection, so that tests do not see each other's models.
    modelsTopic: `models-${randomUUID()}`,
    sessionTimeoutMs: 10_000,
    heartbeatMs: 200,
    clock: systemClock,
    pid: process.pid,
    log: () => undefined,
    ...options,
  })
  return {
    broker,
    dir,
    end: async () => {
      await broker.close()
      if (options.dir === undefined) await rm(dir, { recursive: true, force: true })
    },
  }
}
