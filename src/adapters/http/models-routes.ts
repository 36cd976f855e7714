import { setTimeout as pause } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { ModelError, MOST_FILE_BYTES } from '../../ports/control/models.js'
import type { ModelsControl, PipelineModels, RollbackTarget } from '../../ports/control/models.js'
import { HttpError } from './errors.js'
import { IMPORT, LIST, PROMOTE, PRUNE, ROLLBACK, VERSION } from './models-schemas.js'
import { LONGEST_NOTE } from './schemas.js'

/** How long an answer waits for a network to be in use; all series' states are made anew for it. */
const PATIENCE_MS = 10_000

interface Route {
  readonly Params: { readonly pipeline: string }
  readonly Body: Buffer | undefined
}
interface VersionRoute extends Route {
  readonly Params: { readonly pipeline: string; readonly version: number }
}

/** The networks of a pipeline: what there is, and which one forecasts. */
export function modelsRoutes(app: FastifyInstance, control: ModelsControl): void {
  const of = (pipeline: string): PipelineModels => {
    const models = control.models(pipeline)
    if (models !== undefined) return models
    throw new HttpError(404, 'unknown-pipeline', `There is no pipeline "${pipeline}".`, { pipeline })
  }

  app.get<Route>('/api/v1/pipelines/:pipeline/models', { schema: LIST }, ({ params }) =>
    of(params.pipeline).status(),
  )

  app.get<VersionRoute>('/api/v1/pipelines/:pipeline/models/:version', { schema: VERSION }, ({ params }) => {
    const { models } = of(params.pipeline).status()
    const found = models.find(({ version }) => version === params.version)
    if (found !== undefined) return found
    const versions = models.map(({ version }) => version)
    const message = `"${params.pipeline}" has no version ${params.version}.`
    throw new HttpError(404, 'unknown-version', message, { versions })
  })

  app.post<VersionRoute>(
    '/api/v1/pipelines/:pipeline/models/:version/promote',
    { schema: PROMOTE },
    ({ params: { pipeline, version }, body }, reply) => {
      const models = of(pipeline)
      return changed(models, models.promote(version, bodyOf(body).note), reply)
    },
  )

  app.post<Route>(
    '/api/v1/pipelines/:pipeline/models/rollback',
    { schema: ROLLBACK },
    ({ params: { pipeline }, body }, reply) => {
      const { to, note } = bodyOf(body)
      const models = of(pipeline)
      return changed(models, models.rollback(to, note), reply)
    },
  )

  app.post<Route>(
    '/api/v1/pipelines/:pipeline/models',
    { schema: IMPORT, bodyLimit: MOST_FILE_BYTES },
    async ({ params: { pipeline }, body }, reply) => {
      const stored = await told(of(pipeline).import(body ?? Buffer.alloc(0)))
      return reply.code(201).send(stored)
    },
  )

  app.post<Route & { readonly Querystring: { readonly keep?: number } }>(
    '/api/v1/pipelines/:pipeline/models/prune',
    { schema: PRUNE },
    async ({ params: { pipeline }, query: { keep } }) => ({ removed: await told(of(pipeline).prune(keep)) }),
  )
}

/** 200 once the change has taken effect; 202 where that takes longer: it goes on. */
async function changed(models: PipelineModels, change: Promise<void>, reply: FastifyReply): Promise<void> {
  const waiting = new AbortController()
  const late = pause(PATIENCE_MS, false, { signal: waiting.signal, ref: false }).catch(() => false)
  const done = await Promise.race([told(change).then(() => true), late]).finally(() => {
    waiting.abort()
  })
  const { champion, serving } = models.status()
  await reply.code(done ? 200 : 202).send({ champion, serving })
}

const STATUS = {
  'unknown-version': 404,
  unfit: 409,
  damaged: 409,
  'bad-file': 400,
  'nothing-to-do': 409,
} as const

async function told<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof ModelError)) throw error
    throw new HttpError(STATUS[error.code], error.code, error.message)
  }
}

/** Of a body that may be empty. */
function bodyOf(body: Buffer | undefined): {
  readonly note: string
  readonly to?: RollbackTarget
} {
  let given: unknown = {}
  try {
    if (body !== undefined && body.length > 0) given = JSON.parse(body.toString())
  } catch {
    throw new HttpError(400, 'bad-json', 'Send nothing, or an object as JSON.')
  }
  const { reason = '', to } = (typeof given === 'object' && given !== null ? given : {}) as {
    readonly reason?: unknown
    readonly to?: unknown
  }
  if (typeof reason !== 'string' || reason.length > LONGEST_NOTE) {
    const message = `Expected {"reason": a text of at most ${LONGEST_NOTE} characters}.`
    throw new HttpError(400, 'bad-request', message)
  }
  if (to === undefined || to === null) return { note: reason }
  if (to === 'baseline' || (typeof to === 'number' && Number.isInteger(to) && to > 0)) {
    return { note: reason, to }
  }
  throw new HttpError(400, 'bad-request', 'Expected {"to": the number of a version, or "baseline"}.')
}
