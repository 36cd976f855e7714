import type { Certificate } from './certificate.js'
import type { CalendarSpec } from '../core/calendar.js'
import type { OutputEncoding, OutputFormat } from '../core/forecast/format.js'
import type { InputEncoding } from '../core/value-format.js'
import type { Activation, CellKind, DecoderKind, ValueKind } from '../core/network-spec.js'

/** The validated, frozen configuration. Durations are milliseconds, sizes bytes. Documentation and defaults: schema.ts. */
export interface Config {
  readonly dataDir: string
  readonly config: { readonly watch: boolean }
  readonly shutdown: {
    /** ms */
    readonly timeout: number
  }
  readonly log: {
    readonly level: LogLevel
    /** `null`: the same as `level`. */
    readonly levels: Readonly<
      Record<'config' | 'http' | 'broker' | 'engine' | 'pipelines' | 'training', LogLevel | null>
    >
    readonly format: 'auto' | 'json' | 'pretty'
  }
  readonly http: {
    readonly host: string
    readonly port: number
    /** Absent: read from `<dataDir>/token`, generated there (mode 0600) on first start. */
    readonly token?: string
    /** `null`: plain HTTP. */
    readonly tls: Certificate | null
    readonly maxBodyBytes: number
    readonly maxRecordsPerRequest: number
  }
  readonly broker: {
    readonly kind: 'embedded' | 'kafka'
    readonly embedded: {
      readonly mapSizeBytes: number
      readonly retentionMs: number
      readonly retentionBytes: number
    }
    readonly kafka: KafkaConfig
  }
  readonly schemaRegistry: SchemaRegistryConfig
  readonly engine: { readonly backend: 'auto' | 'tensorflow' | 'wasm' | 'cpu'; readonly threads: number }
  readonly inference: { readonly device: DeviceChoice }
  readonly pipelines: readonly PipelineConfig[]
}

/** `auto`: a CUDA device where there is one. */
export type DeviceChoice = 'auto' | 'gpu' | 'cpu'

export interface SchemaRegistryConfig {
  /** `null`: there is none. */
  readonly url: string | null
  readonly username: string | null
  /** Also where it came from `passwordFile`. */
  readonly password: string | null
  readonly passwordFile: string | null
  /** Also where it came from `tokenFile`. */
  readonly token: string | null
  readonly tokenFile: string | null
  readonly ca: string | null
  readonly timeout: number
  /** False: schemas are only looked up. */
  readonly register: boolean
}

export interface KafkaConfig {
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly tls: {
    readonly enabled: boolean
    readonly ca: string | null
    readonly cert: string | null
    readonly key: string | null
  }
  readonly sasl: {
    readonly mechanism: 'none' | 'plain' | 'scram-sha-256' | 'scram-sha-512' | 'oauthbearer'
    readonly username: string | null
    /** Also where it came from `passwordFile`. */
    readonly password: string | null
    readonly passwordFile: string | null
    readonly oauth: {
      readonly tokenFile: string | null
      readonly endpoint: string | null
      readonly clientId: string | null
      /** Also where it came from `clientSecretFile`. */
      readonly clientSecret: string | null
      readonly clientSecretFile: string | null
      readonly scope: string | null
      readonly ca: string | null
    }
  }
  readonly compression: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
  readonly connectionTimeout: number
  readonly authenticationTimeout: number
  readonly requestTimeout: number
  readonly sessionTimeout: number
  readonly heartbeat: number
  readonly createTopics: boolean
  readonly standby: boolean
  /** 0: the cluster's own default. */
  readonly replicationFactor: number
  readonly modelsTopic: string
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error'
export type Aggregate = 'none' | 'last' | 'mean' | 'sum'
/** What happens to a record that is not used: counted in both cases. */
export type RejectPolicy = 'dead-letter' | 'drop'

/** A place in a topic: its first record from a time on (ms since the epoch), or, below 0, from so many ms before now. */
export type StartPosition = 'earliest' | 'latest' | number

export interface PipelineConfig {
  readonly name: string
  readonly kind: ValueKind
  /** It is configured, and not started. */
  readonly paused: boolean
  readonly topic: string
  /** Where a group that has consumed nothing yet begins. */
  readonly start: StartPosition
  /** Partitions of the topics this pipeline creates; existing topics keep theirs. */
  readonly partitions: number
  readonly output: string
  readonly deadLetter: string
  readonly encoding: { readonly input: InputEncoding; readonly output: OutputEncoding }
  /** Dotted paths into the record's JSON value; `series` = '' takes the record key. */
  readonly fields: {
    readonly series: string
    readonly ts: string
    readonly value: string
    /** Of the object that holds the covariates. */
    readonly covariates: string
  }
  /** Grid step in ms; 0 = the observation grid (`interval: "observations"`). */
  readonly interval: number
  /** Steps; [1, 1] where there is no season. `long` = 7 · short when only one is given. */
  readonly season: { readonly short: number; readonly long: number }
  readonly horizon: number
  readonly quantiles: readonly number[]
  readonly calendar: CalendarSpec
  /** Further numbers that are read of a record, by name. */
  readonly covariates: readonly string[]
  /** Covariates that are known of the steps to come. */
  readonly futureCovariates: {
    /** `null`: none is. */
    readonly topic: string | null
    /** Some of `covariates`; none without a topic. */
    readonly names: readonly string[]
    /** Least ms between two looks at the topic. */
    readonly refreshEvery: number
    /** Steps, of all series together, that are kept in memory. */
    readonly maxValues: number
  }
  readonly symbols: {
    /** Symbols with a number of their own; the rest are unknown. */
    readonly maxVocabulary: number
    /** Characters (UTF-16). */
    readonly maxLength: number
    /** Symbols of a published forecast. */
    readonly top: number
  }
  readonly aggregate: Aggregate
  readonly reject: {
    readonly invalid: RejectPolicy
    readonly late: RejectPolicy
    readonly duplicate: RejectPolicy
    readonly newSeries: RejectPolicy
  }
  readonly limits: {
    readonly minValue: number
    readonly maxValue: number
    /** A time stamp may be at most this far ahead of the record's own time of arrival. */
    readonly maxAhead: number
    readonly maxKeyBytes: number
    readonly maxValueBytes: number
  }
  /** What a record without a value does to the state of its series. */
  readonly tombstones: 'delete' | 'ignore'
  /** With `aggregate`: how far behind the partition's largest time stamp an interval stays open. */
  readonly allowedLateness: number
  /** Missing steps that are stepped over one by one; a longer gap resets the hidden state. */
  readonly gaps: { readonly maxSteps: number }
  readonly calibration: { readonly enabled: boolean; readonly rate: number }
  readonly anomalies: {
    readonly enabled: boolean
    /** `null`: they are only counted. */
    readonly topic: string | null
    /** Distance from the median over the half-width of the interval on that side. */
    readonly minScore: number
    readonly consecutive: number
    /** ms of stream time. */
    readonly cooldown: number
  }
  /** Intervals without an observation, while others go on. */
  readonly stale: { readonly after: number }
  readonly metrics: {
    /** Series that have metrics of their own. */
    readonly series: readonly string[]
    /** Steps ahead of the forecast that is shown beside the observation. */
    readonly step: number
  }
  /** `maxAge` 0 = off. */
  readonly publish: { readonly format: OutputFormat; readonly maxAge: number }
  readonly model: {
    readonly cell: CellKind
    readonly activation: Activation
    readonly layers: number
    readonly hidden: number
    /** Share of what passes between layers that is zeroed while training. */
    readonly dropout: number
    readonly residual: boolean
    readonly decoder: DecoderKind
    /** Paths the decoder draws per forecast; 0 = none. */
    readonly samples: number
    readonly temperature: number
    /** Never true: see rules.ts. */
    readonly bidirectional: boolean
    /** Observations of a series before the network forecasts it; until then the baseline does. */
    readonly warmUp: number
  }
  readonly training: TrainingConfig
  readonly models: {
    /** Newest versions that are kept. */
    readonly keep: number
  }
  readonly state: {
    readonly maxResidentSeries: number
    readonly snapshotEvery: number
    /** A series that is so far (ms) behind its partition's newest time stamp is forgotten; 0 = never. */
    readonly ttl: number
    /** In a partition, by the records' own time stamps; 0 = any number. */
    readonly maxNewSeriesPerMinute: number
  }
  readonly delivery: 'exactly-once' | 'at-least-once'
  readonly batch: { readonly maxRecords: number; readonly commitInterval: number }
}

export interface TrainingConfig {
  readonly enabled: boolean
  readonly device: DeviceChoice
  /** Observations of the longest series at which the first training starts. 0 = max(8 long seasons, 300). */
  readonly minObservations: number
  /** Whether gaps inside the training stretch are also shown filled. */
  readonly imputation: 'none' | 'bidirectional'
  /** Share of the sequences trained on in which rhythm and level change now and then. */
  readonly disturbed: number
  /** Only the last so many ms are trained on; 0 = everything in the log. */
  readonly window: number
  /** Share of the data, at its end, on which a candidate must beat the baseline. */
  readonly holdout: number
  /** Share of the rest, at its end, used for early stopping. */
  readonly validation: number
  /** ms of stream time between two trainings; 0 = no schedule. */
  readonly every: number
  /** Observations after which a network is trained again; 0 = no matter how many. */
  readonly afterObservations: number
  /** At most so many of the latest records are trained on; 0 = all. */
  readonly maxRecords: number
  readonly promotion: 'auto' | 'shadow' | 'manual'
  /** ms of stream time; 0 = two long seasons, 336 steps where there is none. */
  readonly shadowFor: number
  readonly setAside: {
    readonly enabled: boolean
    /** Share by which the loss must exceed the baseline's. */
    readonly margin: number
    /** ms of stream time; 0 = two long seasons, 336 steps where there is none. */
    readonly after: number
  }
  /** Steps of a series that must be newer than the network in office for a retraining. 0 = max(4 long seasons, 60). */
  readonly minNew: number
  readonly start: 'champion' | 'fresh' | 'both'
  readonly drift: {
    /** Deviations, summed over short seasons, at which an alarm is raised. */
    readonly threshold: number
    /** ms of stream time between two alarms. */
    readonly coolDown: number
  }
  /** 0 = chosen from the amount of data. */
  readonly updates: number
  readonly learningRate: number
  readonly weightDecay: number
  readonly clipNorm: number
  /** Last share of steps at which a decoder is fed with its own output. null = by the kind of its forecasts. */
  readonly scheduledSampling: number | null
  readonly chunk: number
  readonly chunksPerUpdate: number
  readonly streams: number
  readonly seed: number
  /** A trainer that takes longer is ended. */
  readonly maxDuration: number
  /** After a refusal or failure: grow the data by this share before trying again. */
  readonly retryGrowth: number
}
