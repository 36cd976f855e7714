import { readFile } from 'node:fs/promises'
import type { ConnectionOptions } from 'node:tls'
import type {
  CompressionTypes,
  Kafka as KafkaJs,
  LogEntry,
  Mechanism,
  ProducerConfig,
  SASLOptions,
} from 'kafkajs'
import type { KafkaConnection, KafkaLogin } from '../../ports/broker-place.js'
import { BrokerError } from '../../ports/broker.js'
import { systemClock } from '../../ports/clock.js'
import { tokenSource } from './access-token.js'
import { installCodecs, TYPES } from './compression/codecs.js'
import { Kafka, logLevel } from './kafkajs.js'
import { oauthBearer } from './oauth-bearer.js'

export type KafkaLog = (
  level: 'debug' | 'info' | 'warn',
  message: string,
  details: Readonly<Record<string, unknown>>,
) => void

/** Short first pauses: a coordinator that is just completing a transaction is ready again after some milliseconds. */
export const RETRY = { initialRetryTime: 20, multiplier: 2, retries: 10, maxRetryTime: 5000 }

/** All records come with their partition. One request at a time, or a retry could overtake what came after it. */
export const PRODUCER: ProducerConfig = {
  idempotent: true,
  maxInFlightRequests: 1,
  allowAutoTopicCreation: false,
  retry: RETRY,
  createPartitioner:
    () =>
    ({ message }) =>
      message.partition!,
}

/** For the first contact: whoever waits for it is to hear soon that nobody answers. */
export const IMPATIENT_RETRY = { ...RETRY, retries: 3 }

/** A client of kafkajs, and what its producers are to pack their batches with. */
export interface KafkaClient extends KafkaJs {
  readonly compression: CompressionTypes
  /** Connections that are made from now on log in with this name and password. */
  renew(login: KafkaLogin): void
}

export async function createClient(
  connection: KafkaConnection,
  log: KafkaLog,
  retry = RETRY,
): Promise<KafkaClient> {
  const { brokers, clientId, tls, sasl, compression } = connection
  installCodecs()
  const login = sasl === undefined ? undefined : loginOf(sasl)
  const client = new Kafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: connection.connectionTimeoutMs,
    authenticationTimeout: connection.authenticationTimeoutMs,
    requestTimeout: connection.requestTimeoutMs,
    retry,
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => {
      pass(entry, log)
    },
    ...(tls === undefined ? {} : { ssl: await secureContext(tls) }),
    ...(login === undefined ? {} : { sasl: login }),
  })
  return Object.assign(client, {
    compression: TYPES[compression],
    renew(given: KafkaLogin) {
      // It is looked at with every login.
      if (login !== undefined && given.mechanism !== 'oauthbearer') Object.assign(login, given)
    },
  })
}

function loginOf(sasl: KafkaLogin): SASLOptions | Mechanism {
  if (sasl.mechanism !== 'oauthbearer') return { ...sasl } as SASLOptions
  return oauthBearer(tokenSource(sasl.oauth, systemClock))
}

async function secureContext(
  files: Readonly<Record<string, string | undefined>>,
): Promise<ConnectionOptions> {
  const contents: ConnectionOptions = {}
  for (const name of ['ca', 'cert', 'key'] as const) {
    const file = files[name]
    if (file === undefined) continue
    try {
      contents[name] = await readFile(file)
    } catch (cause) {
      const message = `broker.kafka.tls.${name}: ${file} cannot be read. Check the path and its permissions.`
      throw new BrokerError('unavailable', message, false, { cause })
    }
  }
  return contents
}

/**
 * What failed for good is thrown and told by whoever called. What kafkajs logs before that, as errors, it mostly repairs
 * itself: a coordinator that is still loading is the ordinary first answer of a broker.
 */
function pass({ namespace, level, log: { message, ...rest } }: LogEntry, log: KafkaLog): void {
  const { error, groupId, retryCount, topic, broker } = rest
  const details = { error: error as unknown, groupId: groupId as unknown, retryCount: retryCount as unknown }
  const where = { topic: topic as unknown, broker: broker as unknown }
  const crash = level === logLevel.ERROR && message.startsWith('Crash')
  log(crash ? 'warn' : 'debug', `kafka: ${namespace === '' ? '' : `${namespace}: `}${message}`, {
    ...details,
    ...where,
  })
}
