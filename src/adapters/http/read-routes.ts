import type { FastifyInstance } from 'fastify'
import type { Control, PipelineStatus, SampleRequest } from '../../ports/control.js'
import type { Telemetry } from '../../telemetry/telemetry.js'
import { HttpError } from './errors.js'
import { HEALTHZ, LATEST, METRICS, PIPELINE, PIPELINES, READYZ, SAMPLE } from './status-schemas.js'

/** Everything that changes nothing, and so needs no token. */
export function readRoutes(app: FastifyInstance, control: Control, telemetry: Telemetry): void {
  app.get('/metrics', { schema: METRICS }, async (_, reply) => {
    reply.type(telemetry.registry.contentType)
    return telemetry.metricsText()
  })

  app.get('/healthz', { schema: HEALTHZ }, (_, reply) => {
    const alive = control.alive()
    return reply.code(alive ? 200 : 503).send({ status: alive ? 'ok' : 'stuck' })
  })

  app.get('/readyz', { schema: READYZ }, (_, reply) => {
    const reason = control.notReady()
    return reason === null
      ? reply.send({ status: 'ready' })
      : reply.code(503).send({ status: 'not ready', reason })
  })

  app.get('/api/v1/pipelines', { schema: PIPELINES }, () => ({ pipelines: control.pipelines() }))

  app.get<{ Params: { pipeline: string } }>(
    '/api/v1/pipelines/:pipeline',
    { schema: PIPELINE },
    ({ params }) => statusOf(control, params.pipeline),
  )

  app.get<{ Params: { pipeline: string; series: string } }>(
    '/api/v1/pipelines/:pipeline/series/:series/forecast',
    { schema: LATEST },
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

  app.get<{ Params: { pipeline: string; series: string }; Querystring: SampleRequest }>(
    '/api/v1/pipelines/:pipeline/series/:series/sample',
    { schema: SAMPLE },
    async ({ params: { pipeline, series }, query }) => {
      const status = statusOf(control, pipeline)
      const found = await control.sample(pipeline, series, query)
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

function statusOf(control: Control, name: string): PipelineStatus {
  const pipelines = control.pipelines()
  const status = pipelines.find((pipeline) => pipeline.name === name)
  if (status !== undefined) return status
  const names = pipelines.map((pipeline) => pipeline.name)
  throw new HttpError(404, 'unknown-pipeline', `There is no pipeline "${name}".`, { pipelines: names })
}
