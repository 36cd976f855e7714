import type { FastifyInstance } from 'fastify'
import { MOST_SAMPLED, type Control, type PipelineStatus, type SampleRequest } from '../../ports/control.js'
import type { Telemetry } from '../../telemetry/telemetry.js'
import { HttpError } from './errors.js'

/** What there is; also the answer to a path that is not there. */
export const ENDPOINTS: Readonly<Record<string, string>> = {
  'GET /': 'the page, for browsers',
  'GET /metrics': 'metrics for Prometheus',
  'GET /healthz': 'whether the daemon lives',
  'GET /readyz': 'whether every pipeline forecasts',
  'GET /api/v1/pipelines': 'status of all pipelines',
  'GET /api/v1/pipelines/{pipeline}': 'status of one',
  'GET /api/v1/pipelines/{pipeline}/series?search=&sort=&offset=&limit=': 'its series, a page of them',
  'GET /api/v1/pipelines/{pipeline}/series/state?series=': 'what is known of a series',
  'GET /api/v1/pipelines/{pipeline}/series/history?series=&from=&to=&limit=': 'what was observed of a series',
  'GET /api/v1/pipelines/{pipeline}/series/forecasts?series=&from=&to=&limit=&step=':
    'forecasts of a series as they were published',
  'POST /api/v1/pipelines/{pipeline}/what-if':
    'what would be forecast if {"series", "values"} came next; changes nothing, and needs no token',
  'GET /api/v1/pipelines/{pipeline}/series/{series}/forecast': 'latest forecast of a series',
  'GET /api/v1/pipelines/{pipeline}/series/{series}/sample?length=&temperature=&seed=':
    'what a series of symbols may go on with, drawn at random',
  'GET /api/v1/pipelines/{pipeline}/learning': 'trainings, drift, decisions with their figures',
  'POST /api/v1/pipelines/{pipeline}/train': 'train a network now; needs the token',
  'GET /api/v1/pipelines/{pipeline}/models': 'versions of its network, and which one forecasts',
  'GET /api/v1/pipelines/{pipeline}/models/{version}': 'one of them',
  'POST /api/v1/pipelines/{pipeline}/models/{version}/promote': 'use a version; needs the token',
  'POST /api/v1/pipelines/{pipeline}/models/rollback': 'go back to an earlier one; needs the token',
  'POST /api/v1/pipelines/{pipeline}/models': 'store the version in a file; needs the token',
  'POST /api/v1/pipelines/{pipeline}/models/prune?keep=': 'remove old versions; needs the token',
  'GET /api/v1/problems': 'what is wrong and what to do about it, worst first',
  'GET /api/v1/events?pipeline=&series=':
    'server-sent events: status, training, reload, and of a series observation and forecast',
  'POST /api/v1/backtests?interval=&season=&horizon=&test=': 'backtest a CSV file; needs the token',
  'GET /api/v1/backtests/{id}': 'how far a backtest is, and its report',
  'POST /api/v1/pipelines/{pipeline}/pause': 'stop it, with its states kept; needs the token',
  'POST /api/v1/pipelines/{pipeline}/resume': 'start it again; needs the token',
  'GET /api/v1/config':
    'the configuration in effect, where its values came from, whether the files say otherwise',
  'POST /api/v1/config/plan': 'what a reload would do, of the files or of the one sent; needs the token',
  'POST /-/reload': 'read the configuration files again, and do what they say; needs the token',
  'POST /api/v1/topics/{topic}/records': 'append records, one JSON object per line; needs the token',
}

/** Everything that changes nothing, and so needs no token. */
export function readRoutes(app: FastifyInstance, control: Control, telemetry: Telemetry): void {
  app.get('/metrics', async (_, reply) => {
    reply.type(telemetry.registry.contentType)
    return telemetry.metricsText()
  })

  app.get('/healthz', (_, reply) => {
    const alive = control.alive()
    return reply.code(alive ? 200 : 503).send({ status: alive ? 'ok' : 'stuck' })
  })

  app.get('/readyz', (_, reply) => {
    const reason = control.notReady()
    return reason === null
      ? reply.send({ status: 'ready' })
      : reply.code(503).send({ status: 'not ready', reason })
  })

  app.get('/api/v1/pipelines', () => ({ pipelines: control.pipelines() }))

  app.get<{ Params: { pipeline: string } }>('/api/v1/pipelines/:pipeline', ({ params }) =>
    statusOf(control, params.pipeline),
  )

  app.get<{ Params: { pipeline: string; series: string } }>(
    '/api/v1/pipelines/:pipeline/series/:series/forecast',
    async ({ params: { pipeline, series } }, reply) => {
      const status = statusOf(control, pipeline)
      const forecast = await control.latestForecast(pipeline, series)
      if (typeof forecast === 'string') return reply.type('application/json; charset=utf-8').send(forecast)
      const message =
        `No forecast of series "${series}" in "${pipeline}", which has ${status.series} series: ` +
        `the id is that of the records of topic "${status.topic}", percent-encoded.`
      throw new HttpError(404, 'no-forecast', message, { pipeline, series })
    },
  )

  app.get<{ Params: { pipeline: string; series: string }; Querystring: Readonly<Record<string, unknown>> }>(
    '/api/v1/pipelines/:pipeline/series/:series/sample',
    async ({ params: { pipeline, series }, query }) => {
      const status = statusOf(control, pipeline)
      const found = await control.sample(pipeline, series, sampleRequest(query))
      if (found === 'numbers') {
        throw new HttpError(
          400,
          'bad-request',
          `The values of pipeline "${pipeline}" are numbers, not symbols.`,
        )
      }
      if (found !== null && found !== undefined) return found
      const message =
        `Nothing is known here of series "${series}" in "${pipeline}", which has ${status.series} series: ` +
        `the id is that of the records of topic "${status.topic}", percent-encoded.`
      throw new HttpError(404, 'no-forecast', message, { pipeline, series })
    },
  )
}

const SAMPLE_PARAMETERS: Readonly<Record<keyof SampleRequest, (value: number) => boolean>> = {
  length: (n) => Number.isInteger(n) && n >= 1 && n <= MOST_SAMPLED,
  temperature: (t) => t > 0 && t < Infinity,
  seed: (n) => Number.isInteger(n) && n >= 0 && n < 2 ** 32,
}

function sampleRequest(query: Readonly<Record<string, unknown>>): SampleRequest {
  const number = (name: keyof SampleRequest, otherwise: number): number => {
    const text = query[name]
    if (text === undefined) return otherwise
    const value = typeof text === 'string' && text.trim() !== '' ? Number(text) : NaN
    if (SAMPLE_PARAMETERS[name](value)) return value
    const expected =
      `length: a whole number from 1 to ${MOST_SAMPLED}; temperature: a number above 0; ` +
      'seed: a whole number from 0 below 2^32'
    throw new HttpError(400, 'bad-request', `"${name}" cannot be that. Expected ${expected}.`)
  }
  return { length: number('length', 20), temperature: number('temperature', 1), seed: number('seed', 1) }
}

function statusOf(control: Control, name: string): PipelineStatus {
  const pipelines = control.pipelines()
  const status = pipelines.find((pipeline) => pipeline.name === name)
  if (status !== undefined) return status
  const names = pipelines.map((pipeline) => pipeline.name)
  throw new HttpError(404, 'unknown-pipeline', `There is no pipeline "${name}".`, { pipelines: names })
}
