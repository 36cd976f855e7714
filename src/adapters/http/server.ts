import { fastify } from 'fastify'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { AddressInfo } from 'node:net'
import { Server as TlsServer, type SecureContextOptions } from 'node:tls'
import { answerClientError } from './client-error.js'
import { ApiDescription, needsToken } from './describe.js'
import { HttpError, toHttpError } from './errors.js'
import { requestId } from './request-id.js'
import { declareRoutes, type RouteSources } from './routes.js'
import { requireToken } from './token.js'

/** What TLS needs: PEM texts. */
export interface TlsFiles {
  readonly chain: string
  readonly privateKey: string
}

export interface HttpOptions extends RouteSources {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** Of now. */
  readonly token: () => string
  readonly maxBodyBytes: number
  /** `null` or absent: plain HTTP. */
  readonly tls?: TlsFiles | null
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
  /** Shows another certificate to all who connect from now on. */
  renew(files: TlsFiles): void
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
  const { telemetry, timeouts = TIMEOUTS } = options
  const tls = options.tls ?? null
  const server = {
    headersTimeout: timeouts.headers,
    connectionsCheckingInterval: timeouts.check,
    maxHeaderSize: MAX_HEADER_BYTES,
  }
  const app: FastifyInstance = fastify({
    ...(tls === null
      ? { http: server }
      : { https: { ...server, ...contextOf(tls), handshakeTimeout: timeouts.headers } }),
    logger: false,
    bodyLimit: options.maxBodyBytes,
    requestTimeout: timeouts.request,
    connectionTimeout: 2 * timeouts.request,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    // A misspelt parameter is told, not left out. "Infinity" is a number to what reads texts, so bounds must be asked of it.
    ajv: { customOptions: { removeAdditional: false, strictNumbers: false } },
    genReqId: (request) => requestId(request.headers['x-request-id']),
    frameworkErrors: (error, _, reply) => void answer(reply as FastifyReply, toHttpError(error)),
    clientErrorHandler: (error, socket) => {
      answerClientError(error, socket, (status, id) => {
        telemetry.http({ requestId: id, method: 'none', route: 'unknown', status, seconds: 0 })
      })
    },
  })
  app.server.maxConnections = MAX_CONNECTIONS
  const api = new ApiDescription(app)

  // Schemas say what an answer holds; what they do not say is not to be left out of it.
  app.setSerializerCompiler(() => (answer) => JSON.stringify(answer))
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ ...SECURITY_HEADERS, 'x-request-id': request.id })
    // Before the body is read: a stranger's eight megabytes are not even received.
    const { method, routeOptions, headers } = request
    if (needsToken(method, routeOptions.config)) requireToken(headers.authorization, options.token)
  })
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown'
    telemetry.http({
      requestId: request.id,
      method: request.method,
      route,
      status: reply.statusCode,
      seconds: reply.elapsedTime / 1000,
    })
  })
  app.setErrorHandler((error, request, reply) => {
    const known = toHttpError(error)
    if (known.status >= 500) {
      const { id, method } = request
      telemetry.component('http').error({ err: error, requestId: id, method }, 'request failed')
    }
    return answer(reply, known)
  })
  app.setNotFoundHandler((_, reply) =>
    answer(reply, new HttpError(404, 'not-found', 'There is nothing here.', { endpoints: api.endpoints() })),
  )
  declareRoutes(app, api, options)

  await listen(app, options.host, options.port)
  return {
    url: urlOf(app, tls === null ? 'http' : 'https'),
    renew: (files) => {
      if (app.server instanceof TlsServer) app.server.setSecureContext(contextOf(files))
    },
    close: () => close(app, timeouts.drain),
  }
}

function answer(reply: FastifyReply, error: HttpError): FastifyReply {
  const { id } = reply.request
  return reply
    .code(error.status)
    .headers({ ...SECURITY_HEADERS, 'x-request-id': id, ...error.headers })
    .send(error.body(id))
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

function contextOf({ chain, privateKey }: TlsFiles): SecureContextOptions {
  return { cert: chain, key: privateKey, minVersion: 'TLSv1.2' }
}

function urlOf(app: FastifyInstance, scheme: string): string {
  const { address, family, port } = app.server.address() as AddressInfo
  return `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

async function close(app: FastifyInstance, drain: number): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), drain)
  await app.close()
  clearTimeout(timer)
}
