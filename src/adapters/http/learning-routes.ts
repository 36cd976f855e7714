import type { FastifyInstance } from 'fastify'
import type { LearningControl, TrainOutcome } from '../../ports/control/learning.js'
import { HttpError } from './errors.js'
import { LEARNING, TRAIN } from './learning-schemas.js'
import { LONGEST_NOTE } from './schemas.js'

/** How a pipeline learns, and the wish that it learn now. */
export function learningRoutes(app: FastifyInstance, control: LearningControl): void {
  app.get<{ Params: { pipeline: string } }>(
    '/api/v1/pipelines/:pipeline/learning',
    { schema: LEARNING },
    ({ params }) => known(control.learning(params.pipeline), params.pipeline),
  )

  app.post<{ Params: { pipeline: string }; Body: Buffer | undefined }>(
    '/api/v1/pipelines/:pipeline/train',
    { schema: TRAIN },
    async ({ params: { pipeline }, body }, reply) => {
      const outcome = known(control.train(pipeline, noteIn(body)), pipeline)
      if (outcome.kind !== 'queued') throw new HttpError(409, 'not-possible', whyNot(outcome, pipeline))
      return reply.code(202).send({ queued: true, pipeline })
    },
  )
}

function known<T>(found: T | undefined, pipeline: string): T {
  if (found !== undefined) return found
  throw new HttpError(404, 'unknown-pipeline', `There is no pipeline "${pipeline}".`, { pipeline })
}

function whyNot(outcome: Exclude<TrainOutcome, { kind: 'queued' }>, pipeline: string): string {
  return outcome.kind === 'running'
    ? `A training of "${pipeline}" is under way.`
    : `"${pipeline}" is not trained here: ${outcome.why}.`
}

function noteIn(body: Buffer | undefined): string {
  if (body === undefined || body.length === 0) return ''
  let given: unknown
  try {
    given = JSON.parse(body.toString())
  } catch {
    throw new HttpError(400, 'bad-json', 'Send nothing, or {"reason": "…"} as JSON.')
  }
  const { reason = '' } = (typeof given === 'object' && given !== null ? given : {}) as {
    readonly reason?: unknown
  }
  if (typeof reason === 'string' && reason.length <= LONGEST_NOTE) return reason
  const message = `Expected {"reason": a text of at most ${LONGEST_NOTE} characters}.`
  throw new HttpError(400, 'bad-request', message)
}
