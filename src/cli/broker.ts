import { join } from 'node:path'
import { committedOffsets } from '../adapters/embedded/committed-offsets.js'
import { openEmbeddedBroker, type EmbeddedBroker } from '../adapters/embedded/embedded-broker.js'
import type { KafkaLog } from '../adapters/kafka/connection.js'
import { openKafkaBroker, statesFolder, type KafkaBroker } from '../adapters/kafka/kafka-broker.js'
import type { Config, KafkaConfig } from '../config/types.js'
import type { BrokerPlace, KafkaConnection, KafkaLogin } from '../ports/broker-place.js'
import type { Clock } from '../ports/clock.js'

export type OpenBroker = EmbeddedBroker | KafkaBroker

export interface OpenBrokerOptions {
  readonly clock: Clock
  readonly pid: number
  /** Of the embedded log: beside the process that holds it. Kafka knows no such thing. */
  readonly readOnly?: boolean
  readonly log?: KafkaLog
}

/** Where the configured broker's records are. `dataDir` as an absolute path, or relative to the working directory. */
export function brokerPlace({ broker }: Config, dataDir: string): BrokerPlace {
  const { mapSizeBytes } = broker.embedded
  switch (broker.kind) {
    case 'embedded':
      return { kind: 'embedded', dir: join(dataDir, 'log'), mapSizeBytes }
    case 'kafka': {
      const { kafka } = broker
      return {
        kind: 'kafka',
        connection: connectionOf(kafka),
        dir: join(dataDir, 'kafka'),
        mapSizeBytes,
        createTopics: kafka.createTopics,
        standby: kafka.standby,
        replicationFactor: kafka.replicationFactor === 0 ? -1 : kafka.replicationFactor,
        modelsTopic: kafka.modelsTopic,
        sessionTimeoutMs: kafka.sessionTimeout,
        heartbeatMs: kafka.heartbeat,
      }
    }
  }
}

/** Where the data file of a process is. */
export function dataFolder({ kind, dir }: BrokerPlace): string {
  return kind === 'kafka' ? statesFolder(dir) : dir
}

export function openBroker(place: BrokerPlace, options: OpenBrokerOptions): Promise<OpenBroker> {
  const { clock, pid, readOnly = false, log = () => undefined } = options
  switch (place.kind) {
    case 'embedded':
      return openEmbeddedBroker({ ...place, clock, pid, readOnly })
    case 'kafka':
      return openKafkaBroker({ ...place, clock, pid, log })
  }
}

/** The place in words. */
export function describePlace(place: BrokerPlace): string {
  return place.kind === 'embedded'
    ? `the log in ${place.dir}`
    : `Kafka at ${place.connection.brokers.join(', ')}`
}

/** By partition, the next offset that a group will consume; `null` where it has settled nothing. */
export async function consumedBy(
  broker: OpenBroker,
  place: BrokerPlace,
  group: string,
  topic: string,
): Promise<readonly (number | null)[]> {
  if (broker.kind === 'kafka') return broker.committed(group, topic)
  const { dir, mapSizeBytes } = place
  const partitions = (await broker.describe(topic))?.length ?? 0
  return committedOffsets({ dir, mapSizeBytes }, group, topic, partitions)
}

function connectionOf(kafka: KafkaConfig): KafkaConnection {
  const { brokers, clientId, tls, sasl, compression } = kafka
  const files = Object.entries({ ca: tls.ca, cert: tls.cert, key: tls.key }).filter(
    ([, file]) => file !== null,
  )
  return {
    brokers,
    clientId,
    compression,
    connectionTimeoutMs: kafka.connectionTimeout,
    authenticationTimeoutMs: kafka.authenticationTimeout,
    requestTimeoutMs: kafka.requestTimeout,
    ...(tls.enabled ? { tls: Object.fromEntries(files) } : {}),
    ...loginOf(sasl),
  }
}

/** What is missing here has been refused when the configuration was read. */
function loginOf({ mechanism, username, password, oauth }: KafkaConfig['sasl']): { sasl?: KafkaLogin } {
  if (mechanism === 'none') return {}
  if (mechanism !== 'oauthbearer') {
    return { sasl: { mechanism, username: username ?? '', password: password ?? '' } }
  }
  const { tokenFile, endpoint, clientId, clientSecret, scope, ca } = oauth
  if (tokenFile !== null) return { sasl: { mechanism, oauth: { tokenFile } } }
  return {
    sasl: {
      mechanism,
      oauth: {
        endpoint: endpoint ?? '',
        clientId: clientId ?? '',
        clientSecret: clientSecret ?? '',
        ...(scope === null ? {} : { scope }),
        ...(ca === null ? {} : { ca }),
      },
    },
  }
}
