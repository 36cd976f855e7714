import type { SettingsOf } from './setting.js'
import type { PipelineConfig } from './types.js'

const DAY = 86_400_000

/** How values are written, in and out. */
export const encodingSchema: SettingsOf<PipelineConfig['encoding']> = {
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
}

/** Where a record says what. */
export const fieldsSchema: SettingsOf<PipelineConfig['fields']> = {
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
}

/** Of `kind: symbols`. */
export const symbolsSchema: SettingsOf<PipelineConfig['symbols']> = {
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
}

/** What becomes of records that are not used. */
export const rejectSchema: SettingsOf<PipelineConfig['reject']> = {
  invalid: policy('Records that cannot be used: undecodable, without a series, out of the limits.'),
  late: policy('Observations older than the latest of their series.'),
  duplicate: policy('A second observation of an interval.'),
  newSeries: policy('Observations of new series beyond `state.maxNewSeriesPerMinute`.'),
}

/** What is believed. */
export const limitsSchema: SettingsOf<PipelineConfig['limits']> = {
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
