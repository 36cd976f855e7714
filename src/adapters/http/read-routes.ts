import type { FastifyInstance } from 'fastify'
import type { Control, PipelineStatus } from '../../ports/control.js'
import type { Telemetry } from '../../telemetry/telemetry.js'
import { HttpError } from './errors.js'

/** What there is; also the answer to a path that is not there. */
export const ENDPOINTS: Readonly<Record<string, string>> = {
  'GET /metrics': 'metrics for Prometheus',
  'GET /healthz': 'whether the daemon lives',
  'GET /readyz': 'whether every pipeline forecasts',
  'GET /api/v1/pipelines': 'status of all pipelines',
  'GET /api/v1/pipelines/{pipeline}': 'status of one',
  'GET /api/v1/pipelines/{pipeline}/series/{series}/forecast': 'latest forecast of a series',
  'GET /api/v1/pipelines/{pipeline}/learning': 'trainings, drift, decisions with their figures',
  'POST /api/v1/pipelines/{pipeline}/train': 'train a network now; needs the token',
  'POST /api/v1/topics/{topic}/records': 'append records, one JSON object per line; needs the token',
}

/** Everything that changes nothing, and so needs no token. */
export function readRoutes(app: FastifyInstance, control: Control, telemetry: Telemetry): void {
  app.get('/', () => ({ name: 'tidecast', endpoints: ENDPOINTS }))

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
}

function statusOf(control: Control, name: string): PipelineStatus {
  const pipelines = control.pipelines()
  const status = pipelines.find((pipeline) => pipeline.name === name)
  if (status !== undefined) return status
  const names = pipelines.map((pipeline) => pipeline.name)
  throw new HttpError(404, 'unknown-pipeline', `There is no pipeline "${name}".`, { pipelines: names })
}
