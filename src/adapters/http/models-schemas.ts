import { listOf, noteBody, nullable, object, PIPELINE_PARAMS } from './schemas.js'

const VERSION_PARAMS = {
  type: 'object',
  required: ['pipeline', 'version'],
  properties: {
    ...PIPELINE_PARAMS.properties,
    version: { type: 'integer', minimum: 1, description: 'number of a version' },
  },
} as const

const SCORES = {
  type: 'object',
  description: 'on held-out data: weighted quantile loss, mean absolute scaled error, coverage, targets',
} as const

const MODEL = object(
  {
    pipeline: { type: 'string' },
    version: { type: 'integer' },
    champion: { type: 'boolean' },
    signature: { type: 'string', description: 'the same for all networks that one configuration can use' },
    misfits: listOf(
      { type: 'string' },
      'why the pipeline as it is configured cannot use it; empty where it can',
    ),
    parent: nullable('integer', 'the version it was trained from; null: from random weights'),
    origin: object({ pipeline: { type: 'string' }, version: { type: 'integer' } }),
    spec: { type: 'object', description: 'what the network consists of' },
    report: { type: 'object', description: 'its training: data, duration, device, loss curve, gradients' },
    scores: object({ network: SCORES, baseline: SCORES, champion: SCORES }, ['champion']),
    verdict: { type: 'object', description: 'of the gate' },
  },
  ['origin', 'verdict'],
)

const STATE = {
  champion: nullable('integer', 'null: the baseline'),
  serving: nullable('integer', 'what forecasts now; another one while the champion is on its way into use'),
} as const

export const LIST = {
  summary: 'versions of its network, and which one forecasts',
  params: PIPELINE_PARAMS,
  response: {
    200: object(
      {
        pipeline: { type: 'string' },
        ...STATE,
        goesBackTo: nullable('integer', 'where a roll-back leads; null: to the baseline'),
        models: listOf(MODEL, 'newest last'),
      },
      ['goesBackTo'],
    ),
  },
} as const

export const VERSION = {
  summary: 'one of them',
  params: VERSION_PARAMS,
  response: { 200: MODEL },
} as const

const CHANGED = {
  200: { ...object(STATE), description: 'it has taken effect' },
  202: { ...object(STATE), description: 'it goes on' },
} as const

export const PROMOTE = {
  summary: 'use a version',
  params: VERSION_PARAMS,
  accepts: noteBody(),
  response: CHANGED,
} as const

export const ROLLBACK = {
  summary: 'go back to an earlier one',
  params: PIPELINE_PARAMS,
  accepts: noteBody({
    to: {
      oneOf: [{ type: 'integer', minimum: 1 }, { const: 'baseline' }, { type: 'null' }],
      description: 'a version; without it, the one used before',
    },
  }),
  response: CHANGED,
} as const

export const IMPORT = {
  summary: 'store the version in a file',
  params: PIPELINE_PARAMS,
  accepts: { type: 'application/octet-stream', schema: { type: 'string' }, required: true },
  response: { 201: MODEL },
} as const

export const PRUNE = {
  summary: 'remove old versions',
  params: PIPELINE_PARAMS,
  querystring: {
    type: 'object',
    additionalProperties: false,
    properties: { keep: { type: 'integer', minimum: 1, maximum: 1000, description: 'newest versions' } },
  },
  response: { 200: object({ removed: listOf({ type: 'integer' }) }) },
} as const
