import type { KafkaConfig } from './types.js'
import type { SettingsOf } from './setting.js'

export const kafkaSchema: SettingsOf<KafkaConfig> = {
  brokers: {
    doc: 'Where to find the cluster: some of its brokers are enough.',
    format: 'addresses',
    default: ['127.0.0.1:9092'],
    env: 'TIDECAST_BROKER_KAFKA_BROKERS',
  },
  clientId: {
    doc: "Name of this program in the cluster's logs and quotas.",
    format: 'text',
    default: 'tidecast',
    env: 'TIDECAST_BROKER_KAFKA_CLIENT_ID',
  },
  tls: {
    enabled: {
      doc: 'Encrypt the connections.',
      format: 'boolean',
      default: false,
      env: 'TIDECAST_BROKER_KAFKA_TLS_ENABLED',
    },
    ca: {
      doc: 'File with the certificates of the authorities to trust, PEM.',
      format: 'text',
      default: null,
      defaultText: "the system's authorities",
      env: 'TIDECAST_BROKER_KAFKA_TLS_CA',
    },
    cert: {
      doc: "File with this client's own certificate, PEM, where the cluster asks for one.",
      format: 'text',
      default: null,
      env: 'TIDECAST_BROKER_KAFKA_TLS_CERT',
    },
    key: {
      doc: 'File with the key of that certificate, PEM.',
      format: 'text',
      default: null,
      env: 'TIDECAST_BROKER_KAFKA_TLS_KEY',
    },
  },
  sasl: {
    mechanism: {
      doc: 'How to log in.',
      format: 'choice',
      options: ['none', 'plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'],
      default: 'none',
      env: 'TIDECAST_BROKER_KAFKA_SASL_MECHANISM',
    },
    username: {
      doc: 'Name to log in with.',
      format: 'text',
      default: null,
      env: 'TIDECAST_BROKER_KAFKA_SASL_USERNAME',
    },
    password: {
      doc: 'Password to log in with. Refused in a configuration file.',
      format: 'text',
      default: null,
      sensitive: true,
      env: 'TIDECAST_BROKER_KAFKA_SASL_PASSWORD',
    },
    passwordFile: {
      doc: 'File that holds the password, such as a mounted secret.',
      format: 'text',
      default: null,
      env: 'TIDECAST_BROKER_KAFKA_SASL_PASSWORD_FILE',
    },
    oauth: {
      tokenFile: {
        doc: 'With `oauthbearer`: file with the token, which something else renews. Read at every login, and a cluster asks for a new one when a token runs out.',
        format: 'text',
        default: null,
        env: 'TIDECAST_BROKER_KAFKA_SASL_OAUTH_TOKEN_FILE',
      },
      endpoint: {
        doc: 'With `oauthbearer`: URL that hands out tokens for client credentials (OAuth 2.0), in place of a file.',
        format: 'httpsUrl',
        default: null,
        env: 'TIDECAST_BROKER_KAFKA_SASL_OAUTH_ENDPOINT',
      },
      clientId: {
        doc: 'Name that the endpoint knows this client by.',
        format: 'text',
        default: null,
        env: 'TIDECAST_BROKER_KAFKA_SASL_OAUTH_CLIENT_ID',
      },
      clientSecret: {
        doc: 'Secret of that client. Refused in a configuration file.',
        format: 'text',
        default: null,
        sensitive: true,
        env: 'TIDECAST_BROKER_KAFKA_SASL_OAUTH_CLIENT_SECRET',
      },
      clientSecretFile: {
        doc: 'File that holds the secret.',
        format: 'text',
        default: null,
        env: 'TIDECAST_BROKER_KAFKA_SASL_OAUTH_CLIENT_SECRET_FILE',
      },
      scope: {
        doc: 'Scope to ask the endpoint for.',
        format: 'text',
        default: null,
        env: 'TIDECAST_BROKER_KAFKA_SASL_OAUTH_SCOPE',
      },
      ca: {
        doc: 'File with the certificates of the authorities to trust for the endpoint, PEM.',
        format: 'text',
        default: null,
        defaultText: "the system's authorities",
        env: 'TIDECAST_BROKER_KAFKA_SASL_OAUTH_CA',
      },
    },
  },
  compression: {
    doc: 'How what is sent is packed: forecasts, dead letters, states and models. What is read may be packed in any of these ways.',
    format: 'choice',
    options: ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
    default: 'none',
    env: 'TIDECAST_BROKER_KAFKA_COMPRESSION',
  },
  connectionTimeout: {
    doc: 'Longest wait for a connection.',
    format: 'duration',
    min: 100,
    default: 3000,
    env: 'TIDECAST_BROKER_KAFKA_CONNECTION_TIMEOUT',
  },
  authenticationTimeout: {
    doc: 'Longest wait for a login, and for a token.',
    format: 'duration',
    min: 100,
    default: 10_000,
    env: 'TIDECAST_BROKER_KAFKA_AUTHENTICATION_TIMEOUT',
  },
  requestTimeout: {
    doc: 'Longest wait for an answer.',
    format: 'duration',
    min: 1000,
    default: 30_000,
    env: 'TIDECAST_BROKER_KAFKA_REQUEST_TIMEOUT',
  },
  sessionTimeout: {
    doc: 'A process that is not heard of for so long loses its partitions to others of its group.',
    format: 'duration',
    min: 6000,
    max: 1_800_000,
    default: 20_000,
    env: 'TIDECAST_BROKER_KAFKA_SESSION_TIMEOUT',
  },
  heartbeat: {
    doc: 'Time between two signs of life; also how soon a process hears that partitions move.',
    format: 'duration',
    min: 100,
    default: 1000,
    env: 'TIDECAST_BROKER_KAFKA_HEARTBEAT',
  },
  standby: {
    doc:
      'Keep copies also of the states whose partitions other processes own, so that those are taken over at once. Costs reading ' +
      'what they write to the states topic, room on the disk (up to half of `broker.embedded.mapSize`) and a little work, each time in every process.',
    format: 'boolean',
    default: true,
    env: 'TIDECAST_BROKER_KAFKA_STANDBY',
  },
  createTopics: {
    doc: 'Create topics that are missing. Without, a missing topic is an error at start-up.',
    format: 'boolean',
    default: true,
    env: 'TIDECAST_BROKER_KAFKA_CREATE_TOPICS',
  },
  replicationFactor: {
    doc: 'Copies of the topics that are created; 0 leaves it to the cluster.',
    format: 'integer',
    min: 0,
    max: 32,
    default: 0,
    env: 'TIDECAST_BROKER_KAFKA_REPLICATION_FACTOR',
  },
  modelsTopic: {
    doc: 'Topic that keeps the trained models of all pipelines.',
    format: 'topic',
    default: 'tidecast.models',
    env: 'TIDECAST_BROKER_KAFKA_MODELS_TOPIC',
  },
}
