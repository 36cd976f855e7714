import { registrySchema } from './registry-schema.js'
import { kafkaSchema } from './kafka-schema.js'
import type { Config, KafkaConfig, LogLevel } from './types.js'
import type { Setting, SettingsOf } from './setting.js'

/** The daemon's settings as they stand in a file: `Config` without the pipelines, sizes and durations readable. */
export interface DaemonSettings {
  dataDir: string
  config: Config['config']
  shutdown: Config['shutdown']
  log: Config['log']
  http: {
    host: string
    port: number
    token: string | null
    tokenFile: string | null
    tls: { cert: string | null; key: string | null }
    maxBody: number
    maxRecordsPerRequest: number
  }
  broker: {
    kind: Config['broker']['kind']
    embedded: { mapSize: number; retention: number; retentionBytes: number }
    kafka: KafkaConfig
  }
  schemaRegistry: Config['schemaRegistry']
  engine: Config['engine']
  inference: Config['inference']
}

const MIB = 1024 ** 2
const GIB = 1024 ** 3

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const

function levelOf(component: string, what: string): Setting<LogLevel | null> {
  return {
    doc: `The same for lines about ${what}.`,
    format: 'choice',
    reload: 'live',
    options: LOG_LEVELS,
    default: null,
    defaultText: 'as `log.level`',
    env: `TIDECAST_LOG_LEVELS_${component.toUpperCase()}`,
  }
}

export const daemonSchema: SettingsOf<DaemonSettings> = {
  dataDir: {
    doc: 'Folder of the embedded log, the states, the models and the generated token; relative to the working directory.',
    format: 'text',
    reload: 'process-restart',
    default: 'data',
    env: 'TIDECAST_DATA_DIR',
  },
  config: {
    watch: {
      doc: 'Reload when a configuration file changes, also where it is a link that is replaced, as Kubernetes does.',
      format: 'boolean',
      reload: 'live',
      default: false,
      env: 'TIDECAST_CONFIG_WATCH',
    },
  },
  shutdown: {
    timeout: {
      doc: 'Longest that stopping may take: what is under way is settled, committed and stored. After it the process ends as it is, with code 75, and the next start replays what had not been.',
      format: 'duration',
      reload: 'live',
      min: 1000,
      default: 30_000,
      env: 'TIDECAST_SHUTDOWN_TIMEOUT',
    },
  },
  log: {
    level: {
      doc: 'Least severe log lines that are written.',
      format: 'choice',
      reload: 'live',
      options: LOG_LEVELS,
      default: 'info',
      env: 'TIDECAST_LOG_LEVEL',
    },
    levels: {
      config: levelOf('config', 'reloads'),
      http: levelOf('http', 'requests: at `debug` each of them'),
      broker: levelOf('broker', 'connections, groups and transactions'),
      engine: levelOf('engine', 'where tensors are computed'),
      pipelines: levelOf('pipelines', 'batches, snapshots, partitions, models'),
      training: levelOf('training', 'trainings and their outcome'),
    },
    format: {
      doc: '`auto` writes readable lines to a terminal and JSON to anything else.',
      format: 'choice',
      reload: 'process-restart',
      options: ['auto', 'json', 'pretty'],
      default: 'auto',
      env: 'TIDECAST_LOG_FORMAT',
    },
  },
  http: {
    host: {
      doc: 'Address to listen on. Reading needs no token, so think before leaving loopback.',
      format: 'text',
      reload: 'process-restart',
      default: '127.0.0.1',
      env: 'TIDECAST_HTTP_HOST',
    },
    port: {
      doc: 'Port to listen on; 0 takes a free one.',
      format: 'integer',
      reload: 'process-restart',
      min: 0,
      max: 65_535,
      default: 8787,
      env: 'TIDECAST_HTTP_PORT',
    },
    token: {
      doc: 'Bearer token of every request that changes something. Better kept in the environment or in a file of its own.',
      format: 'secret',
      reload: 'live',
      default: null,
      defaultText: 'generated into `<dataDir>/token` on first start',
      sensitive: true,
      env: 'TIDECAST_HTTP_TOKEN',
    },
    tokenFile: {
      doc: 'File that holds the token, such as a mounted secret; instead of `http.token`.',
      format: 'text',
      reload: 'live',
      default: null,
      defaultText: 'none',
      env: 'TIDECAST_HTTP_TOKEN_FILE',
    },
    tls: {
      cert: {
        doc: 'File with the certificate to show, PEM, and with those that lead from it to an authority: HTTPS in place of HTTP. A reload takes up what the file holds then.',
        format: 'text',
        reload: 'process-restart',
        default: null,
        defaultText: 'none: plain HTTP',
        env: 'TIDECAST_HTTP_TLS_CERT',
      },
      key: {
        doc: 'File with the key of that certificate, PEM, without passphrase.',
        format: 'text',
        reload: 'process-restart',
        default: null,
        defaultText: 'none',
        env: 'TIDECAST_HTTP_TLS_KEY',
      },
    },
    maxBody: {
      doc: 'Largest request body.',
      format: 'size',
      reload: 'process-restart',
      min: 1024,
      max: GIB,
      default: 8 * MIB,
      env: 'TIDECAST_HTTP_MAX_BODY',
    },
    maxRecordsPerRequest: {
      doc: 'Most records in one request.',
      format: 'integer',
      reload: 'process-restart',
      min: 1,
      max: 1_000_000,
      default: 50_000,
      env: 'TIDECAST_HTTP_MAX_RECORDS_PER_REQUEST',
    },
  },
  broker: {
    kind: {
      doc: 'Where records are read from and written to. `embedded` is a log in the data folder, for one machine; `kafka` a cluster.',
      format: 'choice',
      reload: 'process-restart',
      options: ['embedded', 'kafka'],
      default: 'embedded',
      env: 'TIDECAST_BROKER_KIND',
    },
    embedded: {
      mapSize: {
        doc: 'Most that log, states and models can grow to; with Kafka, the local copy of states. Address space, not disk, is reserved.',
        format: 'size',
        reload: 'process-restart',
        min: 16 * MIB,
        max: 16 * 1024 * GIB,
        default: 64 * GIB,
        env: 'TIDECAST_BROKER_EMBEDDED_MAP_SIZE',
      },
      retention: {
        doc: 'Records older than this may be deleted; "0s" keeps them.',
        format: 'duration',
        reload: 'live',
        default: 0,
        env: 'TIDECAST_BROKER_EMBEDDED_RETENTION',
      },
      retentionBytes: {
        doc: 'The oldest records of a topic may be deleted while it holds more than this; 0 keeps them.',
        format: 'size',
        reload: 'live',
        min: 0,
        default: 8 * GIB,
        env: 'TIDECAST_BROKER_EMBEDDED_RETENTION_BYTES',
      },
    },
    kafka: kafkaSchema,
  },
  schemaRegistry: registrySchema,
  engine: {
    backend: {
      doc: 'What carries out the tensor operations. `auto` takes TensorFlow where it runs, else a portable backend, with a warning.',
      format: 'choice',
      reload: 'process-restart',
      options: ['auto', 'tensorflow', 'wasm', 'cpu'],
      default: 'auto',
      env: 'TIDECAST_ENGINE_BACKEND',
    },
    threads: {
      doc: 'Threads that one tensor operation may use. Steps are small: one is usually the fastest.',
      format: 'integer',
      reload: 'process-restart',
      min: 1,
      max: 64,
      default: 1,
      env: 'TIDECAST_ENGINE_THREADS',
    },
  },
  inference: {
    device: {
      doc: 'Where steps and forecasts are computed. Waves of a few thousand series are faster on the processor than on their way to a GPU and back.',
      format: 'choice',
      reload: 'process-restart',
      options: ['auto', 'gpu', 'cpu'],
      default: 'cpu',
      env: 'TIDECAST_INFERENCE_DEVICE',
    },
  },
}
