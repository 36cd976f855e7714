import { fastify } from 'fastify'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { AddressInfo } from 'node:net'
import type { Control } from '../../ports/control.js'
import type { BacktestControl } from '../../ports/control/backtests.js'
import type { ConfigControl } from '../../ports/control/config.js'
import type { LearningControl } from '../../ports/control/learning.js'
import type { ModelsControl } from '../../ports/control/models.js'
import type { ProblemsControl } from '../../ports/control/problems.js'
import type { SeriesControl } from '../../ports/control/series.js'
import type { Telemetry } from '../../telemetry/telemetry.js'
import { backtestRoutes } from './backtest-routes.js'
import { configRoutes } from './config-routes.js'
import { answerClientError } from './client-error.js'
import { HttpError, toHttpError } from './errors.js'
import { eventRoute } from './event-stream.js'
import { ingestRoute } from './ingest-route.js'
import { learningRoutes } from './learning-routes.js'
import { modelsRoutes } from './models-routes.js'
import type { PageFiles } from './page-files.js'
import { pageRoutes } from './page-route.js'
import { problemsRoute } from './problems-route.js'
import { ENDPOINTS, readRoutes } from './read-routes.js'
import { seriesRoutes } from './series-routes.js'

export interface HttpOptions {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** Of now. */
  readonly token: () => string
  readonly maxBodyBytes: number
  readonly maxRecordsPerRequest: number
  readonly control: Control
  /** Absent: nothing is said of the configuration. */
  readonly configuration?: ConfigControl
  /** Absent: nothing is said of learning. */
  readonly learning?: LearningControl
  /** Absent: nothing is said of models. */
  readonly models?: ModelsControl
  /** Absent: series and problems are not told of. */
  readonly views?: ProblemsControl & { readonly series: SeriesControl }
  /** Absent: only the API is served. */
  readonly page?: PageFiles
  /** Absent: nothing is backtested. */
  readonly backtests?: BacktestControl
  readonly telemetry: Telemetry
  readonly timeouts?: HttpTimeouts
}

/** Milliseconds. */
export interface HttpTimeouts {
  /** For a whole request to arrive: slow senders do not hold connections for ever. */
  readonly request: number
  readonly headers: number
  /** How often the two are looked at. */
  readonly check: number
  /** On closing: for requests under way to end by themselves. */
  readonly drain: number
}

export interface HttpServer {
  /** Without a trailing slash. */
  readonly url: string
  /** Answers what is under way, takes nothing new. */
  close(): Promise<void>
}

const TIMEOUTS: HttpTimeouts = { request: 60_000, headers: 15_000, check: 5_000, drain: 3_000 }
const MAX_CONNECTIONS = 1024
/** A series' name has up to 10 kB, and percent-encoding triples it. */
const MAX_HEADER_BYTES = 49_152
const MAX_PARAM_LENGTH = 32_768

/** The answers are data for programs: nothing in them is to be rendered, framed, guessed at or kept. */
const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
}

export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const { control, telemetry, timeouts = TIMEOUTS } = options
  const app = fastify({
    logger: false,
    bodyLimit: options.maxBodyBytes,
    requestTimeout: timeouts.request,
    connectionTimeout: 2 * timeouts.request,
    forceCloseConnections: 'idle',
    http: {
      headersTimeout: timeouts.headers,
      connectionsCheckingInterval: timeouts.check,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    // A misspelt parameter is told, not left out.
    ajv: { customOptions: { removeAdditional: false } },
    frameworkErrors: (error, _, reply) => void answer(reply as FastifyReply, toHttpError(error)),
    clientErrorHandler: answerClientError,
  })
  app.server.maxConnections = MAX_CONNECTIONS

  // Schemas say what an answer holds; what they do not say is not to be left out of it.
  app.setSerializerCompiler(() => (answer) => JSON.stringify(answer))
  app.addHook('onRequest', async (_, reply) => void reply.headers(SECURITY_HEADERS))
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown'
    telemetry.http({
      method: request.method,
      route,
      status: reply.statusCode,
      seconds: reply.elapsedTime / 1000,
    })
  })
  app.setErrorHandler((error, request, reply) => {
    const known = toHttpError(error)
    if (known.status >= 500) telemetry.logger.error({ err: error, method: request.method }, 'request failed')
    return answer(reply, known)
  })
  app.setNotFoundHandler((_, reply) =>
    answer(reply, new HttpError(404, 'not-found', 'There is nothing here.', { endpoints: ENDPOINTS })),
  )
  pageRoutes(app, options.page ?? new Map())
  readRoutes(app, control, telemetry)
  ingestRoute(app, options)
  if (options.configuration !== undefined) configRoutes(app, options.configuration, options.token)
  if (options.learning !== undefined) learningRoutes(app, options.learning, options.token)
  if (options.models !== undefined) modelsRoutes(app, options.models, options.token)
  if (options.backtests !== undefined) backtestRoutes(app, options.backtests, options.token)
  if (options.views !== undefined) {
    problemsRoute(app, options.views)
    seriesRoutes(app, options.views)
    eventRoute(app, { ...options, views: options.views })
  }

  await listen(app, options.host, options.port)
  return { url: urlOf(app), close: () => close(app, timeouts.drain) }
}

function answer(reply: FastifyReply, error: HttpError): FastifyReply {
  return reply
    .code(error.status)
    .headers({ ...SECURITY_HEADERS, ...error.headers })
    .send(error.body())
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    const inUse = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    const hint = inUse ? 'it is in use, perhaps by another daemon; choose one with http.port' : String(error)
    throw new Error(`cannot listen on ${host} port ${port}: ${hint}`, { cause: error })
  }
}

function urlOf(app: FastifyInstance): string {
  const { address, family, port } = app.server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

async function close(app: FastifyInstance, drain: number): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), drain)
  await app.close()
  clearTimeout(timer)
}
