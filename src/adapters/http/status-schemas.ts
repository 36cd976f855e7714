import { MOST_SAMPLED } from '../../ports/control.js'
import { FORECAST, listOf, nullable, object, PIPELINE_PARAMS } from './schemas.js'

const SERIES_PARAMS = {
  type: 'object',
  required: ['pipeline', 'series'],
  properties: {
    ...PIPELINE_PARAMS.properties,
    series: { type: 'string', description: 'id of a series, percent-encoded' },
  },
} as const

const SCORES = object(
  {
    mase: nullable('number', 'mean error of the median, in naive errors'),
    smape: nullable('number', 'symmetric mean absolute percentage error, 0–2'),
    wql: nullable('number', 'weighted quantile loss'),
    coverage: nullable('number', 'share inside the outermost interval, 0–1'),
    bias: nullable('number', 'mean of what came minus the median, in naive errors'),
    logLoss: { type: 'number', description: 'only of symbols, nats' },
    accuracy: { type: 'number', description: 'only of symbols, 0–1' },
  },
  ['logLoss', 'accuracy'],
)

const STATUS = object({
  name: { type: 'string' },
  topic: { type: 'string', description: 'read from' },
  output: { type: 'string', description: 'published to' },
  form: object({
    kind: { type: 'string', enum: ['numbers', 'symbols'] },
    interval: { type: 'string', description: 'ISO 8601 duration, or "observations"' },
    season: object({ short: { type: 'integer' }, long: { type: 'integer' } }),
    horizon: { type: 'integer' },
    quantiles: listOf({ type: 'number' }, 'ascending'),
  }),
  model: { type: 'string', description: 'name@version, baseline included' },
  phase: { type: 'string', enum: ['starting', 'restoring', 'running', 'paused', 'failed'] },
  training: { type: 'string', description: 'in words' },
  records: { type: 'integer', description: 'consumed since the start' },
  recordsPerSecond: { type: 'number' },
  lag: { type: 'integer', description: 'records that wait' },
  series: { type: 'integer', description: 'in memory' },
  rejected: { type: 'integer', description: 'records since the start' },
  accuracy: {
    oneOf: [
      object({
        network: SCORES,
        baseline: SCORES,
        horizons: listOf(object({ steps: { type: 'string' }, network: SCORES, baseline: SCORES })),
      }),
      { type: 'null' },
    ],
    description: 'rolling scores of what was published, beside those of the baseline on the same targets',
  },
})

const text = (description: string) => ({ type: 'string', description }) as const

export const METRICS = {
  summary: 'metrics for Prometheus',
  produces: 'text/plain',
  response: { 200: text('docs/metrics.md says what each of them is') },
} as const

const HEALTH = object({ status: { type: 'string', enum: ['ok', 'stuck'] } })
export const HEALTHZ = {
  summary: 'whether the daemon lives',
  response: { 200: HEALTH, 503: { ...HEALTH, description: 'a loop is stuck' } },
} as const

export const READYZ = {
  summary: 'whether every pipeline forecasts',
  response: {
    200: object({ status: { const: 'ready' } }),
    503: {
      ...object({ status: { const: 'not ready' }, reason: { type: 'string' } }),
      description: 'not yet',
    },
  },
} as const

export const PIPELINES = {
  summary: 'status of all pipelines',
  response: { 200: object({ pipelines: listOf(STATUS) }) },
} as const

export const PIPELINE = {
  summary: 'status of one',
  params: PIPELINE_PARAMS,
  response: { 200: STATUS },
} as const

export const LATEST = {
  summary: 'latest forecast of a series',
  params: SERIES_PARAMS,
  response: { 200: FORECAST },
} as const

export const SAMPLE = {
  summary: 'what a series of symbols may go on with, drawn at random',
  params: SERIES_PARAMS,
  querystring: {
    type: 'object',
    additionalProperties: false,
    properties: {
      length: { type: 'integer', minimum: 1, maximum: MOST_SAMPLED, default: 20, description: 'symbols' },
      temperature: {
        type: 'number',
        exclusiveMinimum: 0,
        maximum: 1e6,
        default: 1,
        description: '1: as forecast',
      },
      seed: { type: 'integer', minimum: 0, maximum: 2 ** 32 - 1, default: 1 },
    },
  },
  response: {
    200: object({
      pipeline: { type: 'string' },
      series: { type: 'string' },
      origin: { type: 'string', format: 'date-time', description: 'of the last observation before it' },
      model: { type: 'string', description: 'name@version, baseline included' },
      temperature: { type: 'number' },
      seed: { type: 'integer' },
      symbols: listOf({ type: 'string' }),
    }),
  },
} as const

const APPENDED = object({
  accepted: { type: 'integer' },
  rejected: listOf(object({ line: { type: 'integer' }, reason: { type: 'string' } })),
})

export const RECORDS = {
  summary: 'append records, one JSON object per line',
  params: {
    type: 'object',
    required: ['topic'],
    properties: { topic: { type: 'string', description: 'name of a topic that a pipeline reads' } },
  },
  accepts: {
    type: 'application/x-ndjson',
    schema: {
      type: 'string',
      description: '{"series", "ts", "value"} or {"key", "value", "timestamp"?} on each line',
    },
    required: true,
  },
  response: {
    200: { ...APPENDED, description: 'all but those named were appended' },
    422: { ...APPENDED, description: 'none was appended' },
  },
} as const

export const ROOT = {
  summary: 'the page, for browsers; for others what there is',
  response: {
    200: object({
      name: { const: 'tidecast' },
      endpoints: { type: 'object', additionalProperties: { type: 'string' } },
    }),
  },
} as const

export const PAGE_FILE = {
  summary: 'a file of the page',
  produces: '*/*',
  params: { type: 'object', required: ['file'], properties: { file: { type: 'string' } } },
  response: { 200: text('as bundled') },
} as const
