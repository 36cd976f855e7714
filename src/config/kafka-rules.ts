import type { Rule } from './rules.js'
import type { DaemonSettings } from './schema.js'

export const kafkaRules: readonly Rule<DaemonSettings>[] = [
  {
    paths: ['broker.kafka.sasl.username', 'broker.kafka.sasl.mechanism'],
    broken: ({ broker: { kafka } }) => kafka.sasl.mechanism !== 'none' && kafka.sasl.username === null,
    value: () => undefined,
    expected: 'a name to log in with, since broker.kafka.sasl.mechanism asks for one',
  },
  {
    paths: ['broker.kafka.sasl.password', 'broker.kafka.sasl.passwordFile', 'broker.kafka.sasl.mechanism'],
    broken: ({ broker: { kafka } }) =>
      kafka.sasl.mechanism !== 'none' && kafka.sasl.password === null && kafka.sasl.passwordFile === null,
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
