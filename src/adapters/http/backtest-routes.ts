import type { FastifyInstance } from 'fastify'
import type { BacktestControl, BacktestRequest, BacktestStatus } from '../../ports/control/backtests.js'
import { HttpError } from './errors.js'
import { nullable, object } from './schemas.js'

const MOST_BYTES = 32 * 2 ** 20

const START = {
  summary: 'backtest data: a CSV file with the header series,ts,value',
  accepts: { type: 'text/csv', schema: { type: 'string' }, required: true },
  querystring: {
    type: 'object',
    additionalProperties: false,
    required: ['interval'],
    properties: {
      interval: { type: 'string', maxLength: 40, description: 'such as 1h, or "observations"' },
      season: { type: 'string', maxLength: 40, default: '24,168', description: 'steps; 1: none' },
      horizon: { type: 'integer', minimum: 1, maximum: 1000, default: 24 },
      test: {
        type: 'number',
        exclusiveMinimum: 0,
        exclusiveMaximum: 1,
        default: 0.2,
        description: "share of each series' end that is forecast and never trained on",
      },
      compare: { type: 'string', maxLength: 100, description: 'networks to compare, such as gru,lstm' },
      retrainEvery: {
        type: 'string',
        maxLength: 40,
        description: 'retrain as the stream goes: a duration such as 28d, or steps',
      },
    },
  },
  response: { 202: object({ id: { type: 'string' } }) },
} as const

const STATUS = {
  params: object({ id: { type: 'string' } }),
  response: {
    200: object({
      id: { type: 'string' },
      state: { type: 'string', enum: ['running', 'done', 'failed', 'cancelled'] },
      progress: object({
        phase: { type: 'string', enum: ['reading', 'training', 'streaming'] },
        model: nullable('string', 'what is trained, or forecasts: a cell, or baseline'),
        share: { type: 'number', description: 'of the phase, 0–1' },
        etaSeconds: nullable('number', 'until the phase ends'),
        done: { type: 'integer', description: 'phases that are over' },
        phases: { type: 'integer', description: 'all there will be' },
      }),
      report: { type: ['object', 'null'], description: 'as "tidecast backtest --json" prints it' },
      why: nullable('string', 'why it failed'),
    }),
  },
} as const

/** Data that are sent as CSV are backtested, one set at a time. */
export function backtestRoutes(app: FastifyInstance, control: BacktestControl): void {
  app.post<{ Querystring: BacktestRequest; Body: Buffer | undefined }>(
    '/api/v1/backtests',
    {
      schema: START,
      bodyLimit: MOST_BYTES,
    },
    async ({ query, body }, reply) => {
      if (body === undefined || body.length === 0) {
        throw new HttpError(400, 'no-records', 'Send the data as CSV, with the header series,ts,value.')
      }
      const outcome = await control.start(body, query)
      switch (outcome.kind) {
        case 'started':
          return reply.code(202).send({ id: outcome.id })
        case 'refused':
          throw new HttpError(400, 'bad-request', outcome.why)
        case 'busy': {
          const message = 'Another backtest is under way: try again when it is done.'
          throw new HttpError(429, 'busy', message, { retryAfterSeconds: 10 }, { 'retry-after': '10' })
        }
      }
    },
  )

  app.get<OfBacktest>(
    '/api/v1/backtests/:id',
    { schema: { summary: 'how far a backtest is, and its report', ...STATUS } },
    ({ params: { id } }) => known(control.status(id), id),
  )

  app.delete<OfBacktest>(
    '/api/v1/backtests/:id',
    { schema: { summary: 'end a backtest; one that is over stays as it is', ...STATUS } },
    ({ params: { id } }) => known(control.cancel(id), id),
  )
}

interface OfBacktest {
  readonly Params: { readonly id: string }
}

function known(status: BacktestStatus | undefined, id: string): BacktestStatus {
  if (status !== undefined) return status
  throw new HttpError(404, 'not-found', `There is no backtest "${id}", or it is too long ago.`)
}
