import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { openKafkaBroker } from '../../src/adapters/kafka/kafka-broker.js'
import type { KafkaBroker, KafkaBrokerOptions } from '../../src/adapters/kafka/kafka-broker.js'
import type { KafkaConnection } from '../../src/ports/broker-place.js'
import { systemClock } from '../../src/ports/clock.js'
import { unlessAvailable } from './requirement.js'

export interface RealKafka {
  /** Of the plain listeners, with commas between them. */
  readonly brokers: string
  /** The first node's. */
  readonly pid: number
  readonly nodes: readonly KafkaNode[]
  /** Where and with what to log in, where the cluster was started `secure`. */
  readonly secure?: KafkaLogins
  stop(): Promise<void>
  kill(): Promise<void>
}

/** Each keeps its port and its data when it is ended and started again. */
export interface KafkaNode {
  readonly address: string
  readonly pid: number
  start(): Promise<void>
  stop(): Promise<void>
  kill(): Promise<void>
}

export interface KafkaLogins {
  /** Listeners that take a login over TLS. */
  readonly sasl: string
  /** Listeners that take a client certificate. */
  readonly ssl: string
  readonly ca: string
  readonly cert: string
  readonly key: string
  /** Names by mechanism; `certificate` is the one in `cert`. */
  readonly users: Readonly<
    Record<'plain' | 'scram-sha-256' | 'scram-sha-512' | 'oauthbearer' | 'certificate', string>
  >
  readonly password: string
}

export interface StartKafkaOptions {
  readonly port?: number
  readonly dir?: string
  readonly nodes?: 1 | 3
  readonly secure?: boolean
  readonly acls?: boolean
  /** More settings of the nodes, by Kafka's own names. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>
}

interface Scripts {
  startKafka(options?: StartKafkaOptions): Promise<RealKafka>
}

const scripts = (name: string): Promise<unknown> =>
  import(new URL(`../../../scripts/kafka/${name}.mjs`, import.meta.url).href)

const { missingForKafka, kafkaJars } = (await scripts('jars')) as {
  readonly missingForKafka: () => string | null
  readonly kafkaJars: () => Promise<string>
}

/** A token that a try-out cluster takes. */
export const { unsecuredToken } = (await scripts('security')) as {
  readonly unsecuredToken: (subject: string, lifetimeSeconds: number) => string
}

/** For a test's `skip`: a real Kafka takes Java, and Maven the first time. */
export const withoutKafka = unlessAvailable(missingForKafka() === null, missingForKafka() ?? 'nothing')

/** A cluster of its own for one file of tests: one node where nothing else is said. */
export async function startKafka(options?: StartKafkaOptions): Promise<RealKafka> {
  return ((await scripts('server')) as Scripts).startKafka(options)
}

/** Changes a user's password for SCRAM-SHA-512, as an administrator does. @param brokers plain listeners */
export async function changePassword(brokers: string, user: string, password: string): Promise<void> {
  const tool = ['-cp', `${await kafkaJars()}/*`, 'kafka.admin.ConfigCommand', '--bootstrap-server', brokers]
  const change = ['--alter', '--entity-type', 'users', '--entity-name', user]
  await promisify(execFile)('java', [
    ...tool,
    ...change,
    '--add-config',
    `SCRAM-SHA-512=[password=${password}]`,
  ])
}

/** How to reach a cluster's plain listeners; `more` for what is to be otherwise. */
export function connectionTo(brokers: string, more: Partial<KafkaConnection> = {}): KafkaConnection {
  return {
    brokers: brokers.split(','),
    clientId: 'tidecast-test',
    connectionTimeoutMs: 3000,
    authenticationTimeoutMs: 10_000,
    requestTimeoutMs: 30_000,
    compression: 'none',
    ...more,
  }
}

/** A connection with quick heartbeats and, where none is given, a folder of its own. */
export async function connectKafka(
  brokers: string,
  options: Partial<KafkaBrokerOptions> = {},
): Promise<{ readonly broker: KafkaBroker; readonly dir: string; readonly end: () => Promise<void> }> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'tidecast-kafka-states-')))
  const broker = await openKafkaBroker({
    connection: connectionTo(brokers),
    dir,
    mapSizeBytes: 64 * 2 ** 20,
    createTopics: true,
    standby: false,
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
