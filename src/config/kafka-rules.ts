import type { Rule } from './rules.js'
import type { DaemonSettings } from './schema.js'
import type { KafkaConfig } from './types.js'

export const kafkaRules: readonly Rule<DaemonSettings>[] = [
  {
    paths: ['broker.kafka.sasl.username', 'broker.kafka.sasl.mechanism'],
    broken: ({ broker: { kafka } }) => asksForPassword(kafka) && kafka.sasl.username === null,
    value: () => undefined,
    expected: 'a name to log in with, since broker.kafka.sasl.mechanism asks for one',
  },
  {
    paths: ['broker.kafka.sasl.password', 'broker.kafka.sasl.passwordFile', 'broker.kafka.sasl.mechanism'],
    broken: ({ broker: { kafka } }) =>
      asksForPassword(kafka) && kafka.sasl.password === null && kafka.sasl.passwordFile === null,
    value: () => undefined,
    expected: 'a password, in TIDECAST_BROKER_KAFKA_SASL_PASSWORD or in broker.kafka.sasl.passwordFile',
  },
  {
    paths: ['broker.kafka.sasl.passwordFile', 'broker.kafka.sasl.password'],
    broken: ({ broker: { kafka } }) => kafka.sasl.password !== null && kafka.sasl.passwordFile !== null,
    value: ({ broker: { kafka } }) => kafka.sasl.passwordFile,
    expected: 'no password file beside a password: one of the two',
  },
  {
    paths: [
      'broker.kafka.sasl.oauth.tokenFile',
      'broker.kafka.sasl.oauth.endpoint',
      'broker.kafka.sasl.mechanism',
    ],
    broken: ({ broker: { kafka } }) => {
      const { mechanism, oauth } = kafka.sasl
      return mechanism === 'oauthbearer' && (oauth.tokenFile === null) === (oauth.endpoint === null)
    },
    value: ({ broker: { kafka } }) => kafka.sasl.oauth.tokenFile ?? undefined,
    expected:
      'either a file with the token or, in broker.kafka.sasl.oauth.endpoint, a URL that hands out tokens',
  },
  {
    paths: ['broker.kafka.sasl.oauth.endpoint'],
    broken: ({ broker: { kafka } }) => /^https:\/\/[^/?#]*@/.test(kafka.sasl.oauth.endpoint ?? ''),
    value: () => '[URL]',
    expected: 'a URL without a user or password in it: they have settings of their own',
  },
  {
    paths: ['broker.kafka.sasl.oauth.clientId', 'broker.kafka.sasl.oauth.endpoint'],
    broken: ({ broker: { kafka } }) =>
      kafka.sasl.oauth.endpoint !== null && kafka.sasl.oauth.clientId === null,
    value: () => undefined,
    expected: 'the name that broker.kafka.sasl.oauth.endpoint knows this client by',
  },
  {
    paths: [
      'broker.kafka.sasl.oauth.clientSecret',
      'broker.kafka.sasl.oauth.clientSecretFile',
      'broker.kafka.sasl.oauth.endpoint',
    ],
    broken: ({ broker: { kafka } }) => {
      const { endpoint, clientSecret, clientSecretFile } = kafka.sasl.oauth
      return endpoint !== null && clientSecret === null && clientSecretFile === null
    },
    value: () => undefined,
    expected:
      'a secret, in TIDECAST_BROKER_KAFKA_SASL_OAUTH_CLIENT_SECRET or in broker.kafka.sasl.oauth.clientSecretFile',
  },
  {
    paths: ['broker.kafka.sasl.oauth.clientSecretFile', 'broker.kafka.sasl.oauth.clientSecret'],
    broken: ({ broker: { kafka } }) => {
      const { clientSecret, clientSecretFile } = kafka.sasl.oauth
      return clientSecret !== null && clientSecretFile !== null
    },
    value: ({ broker: { kafka } }) => kafka.sasl.oauth.clientSecretFile,
    expected: 'no file with a secret beside a secret: one of the two',
  },
  {
    paths: ['broker.kafka.tls.key', 'broker.kafka.tls.cert'],
    broken: ({ broker: { kafka } }) => (kafka.tls.key === null) !== (kafka.tls.cert === null),
    value: ({ broker: { kafka } }) => kafka.tls.key ?? undefined,
    expected: 'both broker.kafka.tls.cert and broker.kafka.tls.key, or neither',
  },
  {
    paths: ['broker.kafka.heartbeat', 'broker.kafka.sessionTimeout'],
    broken: ({ broker: { kafka } }) => 3 * kafka.heartbeat > kafka.sessionTimeout,
    value: ({ broker: { kafka } }) => kafka.heartbeat,
    expected:
      'at most a third of broker.kafka.sessionTimeout (ms), so that one lost sign of life does no harm',
  },
]

function asksForPassword({ sasl }: KafkaConfig): boolean {
  return sasl.mechanism !== 'none' && sasl.mechanism !== 'oauthbearer'
}
