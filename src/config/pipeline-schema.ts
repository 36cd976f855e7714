import type { PipelineConfig } from './types.js'
import type { SettingsOf } from './setting.js'
import { VALUE_KINDS } from '../core/network-spec.js'
import { modelSchema, trainingSchema } from './learning-schema.js'
import { surroundingsSchema } from './surroundings-schema.js'

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
  encoding: {
    input: {
      doc: 'How the values of the input topic are written: `json`; `avro` or `json-schema` with a schema registry; `raw`, a number as text, or `raw-double`, one of 8 bytes, big-endian, both with the key as series and the time stamp of the record.',
      format: 'choice',
      reload: 'pipeline-restart',
      options: ['json', 'avro', 'json-schema', 'raw', 'raw-double'],
      default: 'json',
    },
    output: {
      doc: 'How forecasts are written: `json`; `avro` or `json-schema` with a schema registry, under the subject `<output>-value`.',
      format: 'choice',
      reload: 'pipeline-restart',
      options: ['json', 'avro', 'json-schema'],
      default: 'json',
    },
  },
  fields: {
    series: {
      doc: 'Where a record names its series: a dotted path into its JSON value, or "" for its key.',
      format: 'seriesPath',
      reload: 'live',
      default: '',
    },
    ts: {
      doc: 'Dotted path to the time stamp: ISO 8601 or milliseconds since the epoch.',
      format: 'fieldPath',
      reload: 'live',
      default: 'ts',
    },
    value: {
      doc: 'Dotted path to the value: a number, or with `kind: symbols` a text; null where it is known to be missing.',
      format: 'fieldPath',
      reload: 'live',
      default: 'value',
    },
    covariates: {
      doc: 'Dotted path to the object that holds the covariates by name.',
      format: 'fieldPath',
      reload: 'live',
      default: 'covariates',
    },
  },
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
  symbols: {
    maxVocabulary: {
      doc: 'Of `kind: symbols`: most symbols that are told apart; whatever else comes counts as one unknown symbol. Another number rebuilds the states from the topic.',
      format: 'integer',
      reload: 'states-drop',
      min: 2,
      max: 1024,
      default: 256,
    },
    maxLength: {
      doc: 'Of `kind: symbols`: longest symbol, in characters; records with a longer one are rejected.',
      format: 'integer',
      reload: 'live',
      min: 1,
      max: 128,
      default: 64,
    },
    top: {
      doc: 'Of `kind: symbols`: how many of the most probable next symbols a forecast names.',
      format: 'integer',
      reload: 'live',
      min: 1,
      max: 1024,
      default: 5,
    },
  },
  aggregate: {
    doc: 'What becomes of several readings within one interval; with `none` the first counts and the rest are duplicates.',
    format: 'choice',
    reload: 'states-drop',
    options: ['none', 'last', 'mean', 'sum'],
    default: 'none',
  },
  reject: {
    invalid: policy('Records that cannot be used: undecodable, without a series, out of the limits.'),
    late: policy('Observations older than the latest of their series.'),
    duplicate: policy('A second observation of an interval.'),
    newSeries: policy('Observations of new series beyond `state.maxNewSeriesPerMinute`.'),
  },
  tombstones: {
    doc: 'What becomes of the series named by the key of a record without a value: `delete` forgets its state, `ignore` passes over the record.',
    format: 'choice',
    reload: 'live',
    options: ['delete', 'ignore'],
    default: 'delete',
  },
  limits: {
    // States hold values as Float32, which ends at 3.4e38; forecasts lie further out than what they are made from.
    minValue: {
      doc: 'Least value that is believed.',
      format: 'number',
      reload: 'live',
      min: -1e30,
      max: 1e30,
      default: -1e15,
    },
    maxValue: {
      doc: 'Greatest value that is believed.',
      format: 'number',
      reload: 'live',
      min: -1e30,
      max: 1e30,
      default: 1e15,
    },
    maxAhead: {
      doc: "How far a time stamp may lie ahead of the record's own time of arrival.",
      format: 'duration',
      reload: 'live',
      default: DAY,
    },
    maxKeyBytes: {
      doc: 'Longest record key.',
      format: 'size',
      reload: 'live',
      min: 1,
      max: 65_536,
      default: 1024,
    },
    maxValueBytes: {
      doc: 'Longest record value.',
      format: 'size',
      reload: 'live',
      min: 16,
      max: 16_777_216,
      default: 65_536,
    },
  },
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
  calibration: {
    enabled: {
      doc: 'Widen and narrow the intervals until they cover what they claim to.',
      format: 'boolean',
      reload: 'live',
      default: true,
    },
    rate: {
      doc: 'How fast calibration follows; larger adapts sooner and wavers more.',
      format: 'number',
      reload: 'live',
      min: 0,
      max: 1,
      default: 0.02,
    },
  },
  anomalies: {
    enabled: {
      doc: 'Report observations far outside what was forecast of them one step before; scores are there in any case.',
      reload: 'live',
      format: 'boolean',
      default: true,
    },
    topic: {
      doc: 'Topic that reports are written to, as JSON, exactly once like forecasts; pipelines may share one.',
      reload: 'pipeline-restart',
      format: 'topic',
      default: null,
      defaultText: 'none: they are only counted',
    },
    minScore: {
      doc: 'Least score that is reported: distance from the median over the half-width of the outermost interval on that side, so that 1 is its edge. Of normal errors, 3 half-widths of an 80 % interval are exceeded once in 8,000 observations.',
      reload: 'live',
      format: 'number',
      min: 1,
      max: 1e6,
      default: 3,
    },
    consecutive: {
      doc: 'How many observations of a series in a row must score so much before the last of them is reported, and each after it.',
      reload: 'live',
      format: 'integer',
      min: 1,
      max: 1000,
      default: 1,
    },
    cooldown: {
      doc: 'Time of the stream after a report in which none of the same series is made.',
      reload: 'live',
      format: 'duration',
      default: 0,
    },
  },
  stale: {
    after: {
      doc: 'Intervals without an observation, while others of its partition go on, after which a series counts as stale: `tidecast_stale_series`, `/api/v1/problems` and the list of series tell of it. Without effect where the interval is "observations".',
      reload: 'live',
      format: 'integer',
      min: 1,
      max: 1_000_000,
      default: 3,
    },
  },
  metrics: {
    series: {
      doc: 'Names of series whose observed values, and what had been forecast for them, are metrics of their own, such as ["north", "south"]: for dashboards and alerts. At most 20; not of symbols.',
      reload: 'live',
      format: 'names',
      default: [],
      defaultText: 'none',
    },
    step: {
      doc: 'How many steps before an observation the forecast was made that is shown beside it. Beyond a horizon of 24, the next smaller one of about ten that are scored.',
      reload: 'live',
      format: 'integer',
      min: 1,
      max: 1000,
      default: 1,
    },
  },
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
    doc: 'On Kafka: with `exactly-once` forecasts and offsets commit in one transaction; with `at-least-once` forecasts are visible some hundred milliseconds sooner, and those of the last moment come twice after a crash or a rebalance. The embedded log delivers exactly once in any case.',
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

function policy(what: string) {
  return {
    doc: `${what} Counted in both cases.`,
    format: 'choice',
    reload: 'live',
    options: ['dead-letter', 'drop'],
    default: 'dead-letter',
  } as const
}
