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
  readonly errors?: readonly unknown[]
  readonly type?: string
  /** Of a connection: what Node calls its failure. */
  readonly code?: unknown
  readonly cause?: unknown
}

/** What an ACL must allow for a call, by the kind of resource that Kafka may say it refused. */
export type Access = Readonly<Partial<Record<'topic' | 'group' | 'transactionalId', string>>>

const REFUSED: Readonly<Record<string, keyof Access>> = {
  TOPIC_AUTHORIZATION_FAILED: 'topic',
  GROUP_AUTHORIZATION_FAILED: 'group',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'transactionalId',
}

/** kafkajs's errors as the port names them; others, our own, as they are. */
export function translated(error: unknown, doing: string, access: Access = {}): unknown {
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
  const needed = access[REFUSED[type] ?? 'topic']
  const refusal = type in REFUSED && needed !== undefined
  const advice = refusal
    ? ` An ACL must allow this user: ${needed}.`
    : tls
      ? ' Check broker.kafka.tls, and that the port is one for TLS.'
      : lasting
        ? ' Check the credentials, the ACLs and the settings of broker.kafka.'
        : code === 'unavailable'
          ? ` ${adviceTo(found, type, access)}`
          : ''
  return new BrokerError(
    code,
    `Kafka refused ${doing}: ${found.message}.${advice}`.replace(/\.\./, '.'),
    code === 'unavailable' && !lasting,
    { cause: error },
  )
}

/** A listener that speaks otherwise than we do says nothing, and closes the connection; so does a broker that ends. */
function adviceTo({ name, message }: Error, type: string, { group, transactionalId }: Access): string {
  if (/before secure TLS connection/.test(message))
    return 'Check that the port is one for TLS, or set broker.kafka.tls.enabled to false.'
  if (name === 'KafkaJSConnectionClosedError')
    return 'Check whether the port is one for TLS, which broker.kafka.tls.enabled turns on.'
  // So kafkajs says where no broker answers, and Kafka says no more than that to whom it may not tell either.
  const needed = [group, transactionalId].filter((access) => access !== undefined).join('; ')
  if (name === 'KafkaJSGroupCoordinatorNotFound' && needed !== '')
    return `Check that broker.kafka.brokers answer. If they do, an ACL must allow this user: ${needed}.`
  if (type === PASSING) return 'Check whether the port takes a login: broker.kafka.sasl.'
  return 'Check that broker.kafka.brokers can be reached.'
}

/** What kafkajs says of bytes that are no records; whatever else is not its own comes from decoding too. */
const UNDECODABLE = /VarInt|InvalidLong|MagicByte|NotImplemented/

export function isUndecodable(error: unknown): boolean {
  const found = rootOf(error)
  const cause = found.cause ?? found
  if (cause instanceof BrokerError) return cause.code === 'corrupt'
  return found instanceof RangeError || UNDECODABLE.test(found.name)
}

/** kafkajs wraps what failed in what it did about it. */
function rootOf(error: unknown): KafkaFailure {
  let found: KafkaFailure = error instanceof Error ? error : new Error(String(error))
  for (;;) {
    // Of several, as when topics are created, the first stands for all.
    const next = found.errors?.[0] ?? found.cause
    if (!(next instanceof Error && next.name.startsWith('KafkaJS'))) break
    found = next
  }
  return found
}

export function typeOf(error: unknown): string {
  const root = rootOf(error)
  return root.type ?? root.name
}

/** Runs `action` and rethrows its failures as the port names them. */
export async function translating<T>(doing: string, action: () => Promise<T>, access?: Access): Promise<T> {
  try {
    return await action()
  } catch (error) {
    throw translated(error, doing, access)
  }
}

export function closedError(): BrokerError {
  return new BrokerError('closed', 'The connection to Kafka has been closed.')
}

/** What the owner of a partition needs besides writing. */
export function takeOverAccess(group: string, topic: string): Access {
  return {
    topic: `Read on topic ${topic}, Read and Write on topic ${group}.states`,
    group: `Read on group ${group}`,
    transactionalId: `Write on transactional ids that begin with tidecast-${group}-${topic}-`,
  }
}
