import type { FastifyInstance } from 'fastify'
import {
  describeProblems,
  describeReload,
  type ConfigControl,
  type ConfigProblem,
  type PlanReport,
} from '../../ports/control/config.js'
import { HttpError } from './errors.js'
import { CONFIG, PAUSE, PLANNED, RELOAD, RESUME } from './config-schemas.js'

/** The configuration in effect, what a reload would do, and the wish for one; pipelines are paused and resumed. */
export function configRoutes(app: FastifyInstance, control: ConfigControl): void {
  app.get('/api/v1/config', { schema: CONFIG }, () => control.configuration())

  app.post<{ Body: Buffer | undefined }>(
    '/api/v1/config/plan',
    { schema: PLANNED },
    ({ body, headers }): PlanReport => {
      const text = body === undefined || body.length === 0 ? null : body.toString()
      const format = (headers['content-type'] ?? '').includes('yaml') ? 'yaml' : 'json5'
      const outcome = control.plan(text, format)
      if (outcome.kind === 'invalid') throw invalid(outcome.problems)
      return outcome.report
    },
  )

  app.post('/-/reload', { schema: RELOAD }, async () => {
    const outcome = await control.reload()
    switch (outcome.kind) {
      case 'applied':
      case 'unchanged':
        return { outcome: outcome.kind, ...outcome.report }
      case 'refused': {
        const changes = outcome.report.changes.filter(({ reload }) => reload === 'process-restart')
        throw new HttpError(409, 'needs-restart', describeReload(outcome), { changes })
      }
      case 'failed':
        throw new HttpError(503, 'unavailable', describeReload(outcome))
      case 'invalid':
        throw invalid(outcome.problems)
    }
  })

  for (const [verb, schema, held] of [
    ['pause', PAUSE, true],
    ['resume', RESUME, false],
  ] as const) {
    app.post<{ Params: { pipeline: string } }>(
      `/api/v1/pipelines/:pipeline/${verb}`,
      { schema },
      async ({ params: { pipeline } }) => {
        const outcome = await control.hold(pipeline, held)
        if (outcome.kind === 'not-possible') throw new HttpError(409, 'not-possible', outcome.why)
        if (outcome.kind === 'unknown-pipeline')
          throw new HttpError(404, 'unknown-pipeline', `There is no pipeline "${pipeline}".`, { pipeline })
        return { pipeline, paused: held }
      },
    )
  }
}

function invalid(problems: readonly ConfigProblem[]): HttpError {
  return new HttpError(422, 'bad-configuration', describeProblems(problems), { problems })
}
