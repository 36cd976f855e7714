import { MOST_SUPPOSED, SERIES_ORDERS } from '../../ports/control/series.js'
import {
  FORECAST,
  listOf,
  MILLISECONDS,
  nullable,
  object,
  OBSERVED,
  PIPELINE_PARAMS,
  SERIES_NAME,
  TIME,
} from './schemas.js'

/** Series of a page, at most. */
const MOST_SERIES = 1000
/** Observations of an answer, at most. */
const MOST_OBSERVATIONS = 10_000
/** Forecasts of an answer, at most; of single steps, more. */
export const MOST_FORECASTS = 1000
const MOST_STEPS = 5000

const params = PIPELINE_PARAMS
const wholeNumber = (minimum: number, maximum: number, otherwise: number, description: string) =>
  ({ type: 'integer', minimum, maximum, default: otherwise, description }) as const

const summary = {
  series: { type: 'string' },
  observations: { type: 'integer' },
  lastAt: { type: ['integer', 'null'], description: 'time of the newest observation, ms' },
  lastValue: OBSERVED,
  mase: nullable('number', 'rolling error of what was published, over that of the seasonal naive forecast'),
  coverage: nullable('number', 'rolling share of what came inside the outermost interval, 0–1'),
  anomalyScore: nullable('number', 'of the newest observation; above 1: outside its interval'),
  stale: { type: 'boolean', description: 'others have gone on without it' },
} as const

const scores = {
  mase: nullable('number', 'mean error of the median, in naive errors'),
  smape: nullable('number', 'symmetric mean absolute percentage error, 0–2'),
  wql: nullable('number', 'weighted quantile loss'),
  coverage: nullable('number', 'share inside the outermost interval, 0–1'),
  bias: nullable('number', 'mean of what came minus the median, in naive errors'),
  targets: { type: 'number', description: 'observations that were scored' },
} as const

export const LIST = {
  summary: 'its series, a page of them',
  params,
  querystring: {
    type: 'object',
    additionalProperties: false,
    properties: {
      search: { type: 'string', maxLength: 1024, default: '', description: 'part of a name, in any case' },
      sort: { type: 'string', enum: SERIES_ORDERS, default: 'series' },
      offset: wholeNumber(0, 100_000_000, 0, 'series to leave out'),
      limit: wholeNumber(1, MOST_SERIES, 100, 'series of the answer, at most'),
    },
  },
  response: { 200: object({ total: { type: 'integer' }, items: listOf(object(summary)) }) },
} as const

export const STATE = {
  summary: 'what is known of a series',
  params,
  querystring: {
    type: 'object',
    additionalProperties: false,
    required: ['series'],
    properties: { series: SERIES_NAME },
  },
  response: {
    200: object({
      ...summary,
      partition: { type: 'integer' },
      place: { type: 'string', enum: ['resident', 'stored'] },
      model: { type: 'string', description: 'what forecasts it next' },
      warmSteps: { type: 'integer', description: 'grid steps that its hidden state holds' },
      warmUp: { type: 'integer', description: 'as many as the network needs' },
      hiddenState: nullable('string', 'network that the hidden state was made under'),
      scaler: object({
        mean: { type: 'number' },
        scale: { type: 'number' },
        naiveError: { type: 'number' },
      }),
      accuracy: listOf(
        object({
          steps: { type: 'string', description: 'range of steps ahead, such as 2-6' },
          network: object(scores),
          baseline: object(scores),
        }),
        'rolling scores of what was published, and of the baseline on the same targets, by horizon',
      ),
      loadedAt: { type: 'integer', description: 'offset that its state was last loaded at; -1: never' },
      bytes: { type: 'integer', description: 'bytes of its state' },
    }),
  },
} as const

const range = (most: number, otherwise: number, what: string) =>
  ({
    series: SERIES_NAME,
    from: TIME,
    to: TIME,
    limit: wholeNumber(1, most, otherwise, `newest ${what} of the range, at most`),
  }) as const

export const HISTORY = {
  summary: 'what was observed of a series',
  params,
  querystring: {
    type: 'object',
    additionalProperties: false,
    required: ['series'],
    properties: range(MOST_OBSERVATIONS, 500, 'observations'),
  },
  response: {
    200: object({
      observations: listOf(
        { type: 'array', minItems: 2, maxItems: 2, items: OBSERVED },
        '[ms, value], oldest first; null is a missing value',
      ),
      complete: { type: 'boolean', description: 'the range holds no older ones' },
    }),
  },
} as const

export const FORECASTS = {
  summary: 'forecasts of a series as they were published',
  params,
  querystring: {
    type: 'object',
    additionalProperties: false,
    required: ['series'],
    properties: {
      ...range(MOST_STEPS, 100, 'forecasts'),
      step: {
        type: 'integer',
        minimum: 1,
        maximum: 100_000,
        description: 'only this step ahead, as rows by its target time',
      },
    },
  },
  response: {
    200: {
      oneOf: [
        object({
          forecasts: listOf(FORECAST, 'as published, oldest first'),
          complete: { type: 'boolean', description: 'the range holds no older ones' },
          baseline: { ...FORECAST, type: ['object', 'null'], description: 'from the newest origin' },
          challenger: {
            ...FORECAST,
            type: ['object', 'null'],
            description: 'of the network that runs in the shadow, from the newest origin',
          },
        }),
        object({
          rows: listOf(
            {
              type: 'array',
              minItems: 2,
              maxItems: 2,
              items: {
                oneOf: [MILLISECONDS, { type: 'object', additionalProperties: { type: 'number' } }],
              },
            },
            'with step: [target time (ms), {level: value}], oldest first',
          ),
          complete: { type: 'boolean', description: 'the range holds no older ones' },
        }),
      ],
    },
  },
} as const

const fan = (what: string) => ({ type: 'number', description: `${what} of the newest forecast` }) as const

export const CHART = {
  summary:
    'what came of a series, what had been forecast for it, and what is forecast now, a row for each time',
  params,
  querystring: {
    type: 'object',
    additionalProperties: false,
    required: ['series'],
    properties: {
      ...range(MOST_STEPS, 500, 'observations'),
      step: wholeNumber(1, 100_000, 1, 'how many steps before a time the forecast for it was made'),
    },
  },
  response: {
    200: object({
      rows: listOf(
        {
          type: 'object',
          required: ['time'],
          properties: {
            time: MILLISECONDS,
            observed: { type: 'number' },
            lower: { type: 'number', description: 'lowest quantile of what had been forecast' },
            median: { type: 'number' },
            upper: { type: 'number', description: 'highest quantile' },
            fanLower: fan('lowest quantile'),
            fanMedian: fan('median'),
            fanUpper: fan('highest quantile'),
          },
        },
        'oldest first; what there is not is left out',
      ),
    }),
  },
} as const

/** Of a body: a name of 10 kB, escaped, and the values. */
export const WHAT_IF_BYTES = 65_536

export const WHAT_IF = {
  summary: 'what would be forecast if these values came next; changes nothing',
  params,
  body: {
    type: 'object',
    additionalProperties: false,
    required: ['series', 'values'],
    properties: {
      series: SERIES_NAME,
      values: {
        type: 'array',
        minItems: 1,
        maxItems: MOST_SUPPOSED,
        items: nullable('number', 'null is a missing value'),
        description: 'what would come next, a grid step each',
      },
    },
  },
  response: { 200: FORECAST },
} as const
