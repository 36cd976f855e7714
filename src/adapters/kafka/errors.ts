import { BrokerError } from '../../ports/broker.js'
import type { BrokerErrorCode } from '../../ports/broker.js'

/** Kafka's own names of what we tell apart; everything else is 'unavailable'. */
const CODES: Readonly<Record<string, BrokerErrorCode>> = {
  UNKNOWN_TOPIC_OR_PARTITION: 'unknown-topic',
  INVALID_TOPIC_EXCEPTION: 'unknown-topic',
  MESSAGE_TOO_LARGE: 'too-large',
  RECORD_LIST_TOO_LARGE: 'too-large',
  INVALID_PRODUCER_EPOCH: 'revoked',
  INVALID_PRODUCER_ID_MAPPING: 'revoked',
  CORRUPT_MESSAGE: 'corrupt',
}

/** Only a person can put these right. */
const FOR_A_PERSON = /AUTHORIZATION|AUTHENTICATION|SASL|UNSUPPORTED|INVALID_CONFIG|POLICY|REPLICATION_FACTOR/

/** A request that was under way while its connection logged in anew: the next connection does better. */
const PASSING = 'ILLEGAL_SASL_STATE'

/** What Node and OpenSSL call a handshake that will fail the next time too. */
const TLS_REFUSAL =
  /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED_CERT|DEPTH_ZERO_|HOSTNAME_MISMATCH|EPROTO)/

interface KafkaFailure extends Error {
  readonly type?: string
  /** Of a connection: what Node calls its failure. */
  readonly code?: unknown
  readonly cause?: unknown
}

/** kafkajs's errors as the port names them; others, our own, as they are. */
export function translated(error: unknown, doing: string): unknown {
  if (error instanceof BrokerError) return error
  const found = rootOf(error)
  // Our own, from within kafkajs: no token, or a batch that cannot be unpacked.
  if (found.cause instanceof BrokerError) return found.cause
  if (!found.name.startsWith('KafkaJS')) return error
  const type = found.type ?? found.name
  const code = CODES[type] ?? 'unavailable'
  const tls = TLS_REFUSAL.test(String(found.code))
  const lasting =
    tls || (type !== PASSING && FOR_A_PERSON.test(type.replace(/([a-z])([A-Z])/g, '$1_$2').toUpperCase()))
  const advice = tls
    ? ' Check broker.kafka.tls, and that the port is one for TLS.'
    : lasting
      ? ' Check the credentials, the ACLs and the settings of broker.kafka.'
      : code === 'unavailable'
        ? ' Check that broker.kafka.brokers can be reached.'
        : ''
  return new BrokerError(
    code,
    `Kafka refused ${doing}: ${found.message}.${advice}`.replace(/\.\./, '.'),
    code === 'unavailable' && !lasting,
    { cause: error },
  )
}

/** kafkajs wraps what failed in what it did about it. */
function rootOf(error: unknown): KafkaFailure {
  let found = error instanceof Error ? (error as KafkaFailure) : new Error(String(error))
  while (found.cause instanceof Error && found.cause.name.startsWith('KafkaJS')) found = found.cause
  return found
}

export function typeOf(error: unknown): string {
  const root = rootOf(error)
  return root.type ?? root.name
}

/** Runs `action` and rethrows its failures as the port names them. */
export async function translating<T>(doing: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    throw translated(error, doing)
  }
}

export function closedError(): BrokerError {
  return new BrokerError('closed', 'The connection to Kafka has been closed.')
}
