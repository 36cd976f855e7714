import type { PipelineConfig } from './types.js'
import type { SettingsOf } from './setting.js'
import { VALUE_KINDS } from '../core/network-spec.js'
import { encodingSchema, fieldsSchema, limitsSchema, rejectSchema, symbolsSchema } from './input-schema.js'
import { modelSchema } from './model-schema.js'
import { surroundingsSchema } from './surroundings-schema.js'
import { trainingSchema } from './training-schema.js'
import { anomaliesSchema, calibrationSchema, metricsSchema, staleSchema } from './watch-schema.js'

type Named = 'topic' | 'output' | 'deadLetter'
/** Settings whose default follows from `kind`. */
type ByKind = 'interval' | 'season' | 'horizon'

/** A pipeline as it stands in a file: names left out follow from the pipeline's own. */
export type PipelineSettings = Omit<
  PipelineConfig,
  'name' | Named | ByKind | 'calendar' | 'futureCovariates'
> & {
  readonly [K in Named]: string | null
} & { readonly [K in ByKind]: PipelineConfig[K] | null } & {
  readonly calendar: Omit<PipelineConfig['calendar'], 'days'>
  readonly futureCovariates: Omit<PipelineConfig['futureCovariates'], 'names'> & {
    readonly names: readonly string[] | null
  }
}

const DAY = 86_400_000

export const pipelineSchema: SettingsOf<PipelineSettings> = {
  kind: {
    doc: 'What the values are: `numbers`, or `symbols`, texts from a vocabulary that is learnt: then every observation is a step, and what is forecast are the probabilities of the next symbol.',
    format: 'choice',
    reload: 'states-drop',
    options: VALUE_KINDS,
    default: 'numbers',
  },
  paused: {
    doc: 'Stop the pipeline, with its states kept; it goes on from where it stopped.',
    format: 'boolean',
    reload: 'live',
    default: false,
  },
  topic: {
    doc: 'Topic the observations are read from.',
    format: 'topic',
    reload: 'states-drop',
    default: null,
    defaultText: "the pipeline's name",
  },
  start: {
    doc: 'Where a pipeline that has consumed nothing yet begins: "earliest", "latest", a time ("2026-01-01T00:00Z") or a duration back from now ("7d"). Decided once, and kept.',
    format: 'start',
    reload: 'live',
    default: 'earliest',
  },
  partitions: {
    doc: 'Partitions of the topics this pipeline creates; existing topics keep theirs.',
    format: 'integer',
    reload: 'live',
    min: 1,
    max: 1024,
    default: 1,
  },
  output: {
    doc: 'Topic the forecasts are published to. Belongs to this pipeline alone.',
    format: 'topic',
    reload: 'pipeline-restart',
    default: null,
    defaultText: '`<name>.forecasts`',
  },
  deadLetter: {
    doc: 'Topic that rejected records go to, with the reason.',
    format: 'topic',
    reload: 'pipeline-restart',
    default: null,
    defaultText: '`<name>.dead-letters`',
  },
  encoding: encodingSchema,
  fields: fieldsSchema,
  interval: {
    doc: 'Time between two observations of a series; "observations" where they do not keep to a clock, such as trading days.',
    format: 'interval',
    reload: 'states-drop',
    default: null,
    defaultText: '`1h`; of symbols always `observations`',
  },
  season: {
    doc: 'Season lengths in steps, short and long (for hourly data a day and a week); `24` alone adds a long one of seven; "none" without a season.',
    format: 'season',
    reload: 'states-drop',
    default: null,
    defaultText: '`[24, 168]`; of symbols always `none`',
  },
  horizon: {
    doc: 'Steps ahead that are forecast.',
    format: 'integer',
    reload: 'retrain',
    narrowed: 'live',
    min: 1,
    max: 1000,
    default: null,
    defaultText: '24; of symbols always 1',
  },
  quantiles: {
    doc: 'Levels of the published quantiles; the outermost two bound the interval whose coverage is watched.',
    format: 'quantiles',
    reload: 'retrain',
    narrowed: 'live',
    default: [0.1, 0.5, 0.9],
  },
  ...surroundingsSchema,
  symbols: symbolsSchema,
  aggregate: {
    doc: 'What becomes of several readings within one interval; with `none` the first counts and the rest are duplicates.',
    format: 'choice',
    reload: 'states-drop',
    options: ['none', 'last', 'mean', 'sum'],
    default: 'none',
  },
  reject: rejectSchema,
  tombstones: {
    doc: 'What becomes of the series named by the key of a record without a value: `delete` forgets its state, `ignore` passes over the record.',
    format: 'choice',
    reload: 'live',
    options: ['delete', 'ignore'],
    default: 'delete',
  },
  limits: limitsSchema,
  allowedLateness: {
    doc: "With `aggregate`: how far behind the partition's latest time stamp an interval stays open.",
    format: 'duration',
    reload: 'live',
    default: 0,
  },
  gaps: {
    maxSteps: {
      doc: 'Missing steps that are stepped over one by one; a longer gap starts the series anew.',
      format: 'integer',
      reload: 'live',
      min: 0,
      max: 100_000,
      default: 48,
    },
  },
  calibration: calibrationSchema,
  anomalies: anomaliesSchema,
  stale: staleSchema,
  metrics: metricsSchema,
  publish: {
    format: {
      doc: 'One record for a forecast (`wide`), or one for each of its steps (`long`), for sinks that want rows.',
      format: 'choice',
      reload: 'pipeline-restart',
      options: ['wide', 'long'],
      default: 'wide',
    },
    maxAge: {
      doc: 'No forecast is published from observations older than this on arrival; "0s" publishes them all.',
      format: 'duration',
      reload: 'live',
      default: 0,
    },
  },
  model: modelSchema,
  training: trainingSchema,
  models: {
    keep: {
      doc: 'Newest versions of the network that are kept, promoted or not. The champion stays in any case, with the networks it was trained from and the champion before it.',
      format: 'integer',
      reload: 'live',
      min: 2,
      max: 1000,
      default: 20,
    },
  },
  state: {
    maxResidentSeries: {
      doc: 'Series whose states are kept in memory; the least recently used beyond that are spilled to disk.',
      format: 'integer',
      reload: 'live',
      min: 1,
      max: 10_000_000,
      default: 100_000,
    },
    snapshotEvery: {
      doc: 'Time between two snapshots, and from the end of a burst to one. A restart replays what came since. Where a snapshot takes long there are fewer: while records come in, they take a tenth of the time at most.',
      format: 'duration',
      reload: 'live',
      min: 100,
      max: DAY,
      default: 5000,
    },
    ttl: {
      doc: 'A series whose newest observation is so far behind its partition\'s newest is forgotten, in memory and in the store; "0s" keeps all.',
      format: 'duration',
      reload: 'live',
      default: 0,
    },
    maxNewSeriesPerMinute: {
      doc: 'In a partition, by the time stamps of the records in the log: what new series there are beyond is rejected as too-many-series. 0: any number.',
      format: 'integer',
      reload: 'live',
      min: 0,
      default: 0,
    },
  },
  delivery: {
    doc: 'On Kafka: with `exactly-once` forecasts and offsets commit in one transaction; with `at-least-once` forecasts are visible some tens of milliseconds sooner, and those of the last moment come twice after a crash or a rebalance. The embedded log delivers exactly once in any case.',
    format: 'choice',
    reload: 'pipeline-restart',
    options: ['exactly-once', 'at-least-once'],
    default: 'exactly-once',
  },
  batch: {
    maxRecords: {
      doc: 'Most records that are settled in one transaction.',
      format: 'integer',
      reload: 'pipeline-restart',
      min: 1,
      max: 100_000,
      default: 4096,
    },
    commitInterval: {
      doc: 'On Kafka: least time between two commits of a partition, unless a full batch waits. Shorter brings forecasts sooner and costs the cluster more.',
      format: 'duration',
      reload: 'pipeline-restart',
      max: 10_000,
      default: 100,
    },
  },
}
