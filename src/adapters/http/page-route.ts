import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ApiDescription } from './describe.js'
import { HttpError } from './errors.js'
import type { PageFile, PageFiles } from './page-files.js'
import { PAGE_FILE, ROOT } from './status-schemas.js'

/** Everything comes from here, nothing is inline, and no text can become markup or code. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data: blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

/** The page for browsers at `/`; for everything else what there is to ask for. */
export function pageRoutes(app: FastifyInstance, files: PageFiles, api: ApiDescription): void {
  const index = files.get('index.html')

  app.get('/', { schema: ROOT }, (request, reply) => {
    reply.header('vary', 'accept, accept-encoding')
    const wanted = request.headers.accept?.includes('text/html') === true
    if (index === undefined || !wanted) return reply.send({ name: 'tidecast', endpoints: api.endpoints() })
    reply.header('content-security-policy', POLICY)
    return send(request, reply, index, 'no-cache')
  })

  app.get<{ Params: { file: string } }>('/page/:file', { schema: PAGE_FILE }, (request, reply) => {
    const { file: name } = request.params
    const file = name === 'index.html' ? undefined : files.get(name)
    if (file === undefined) throw new HttpError(404, 'not-found', 'There is no such file of the page.')
    return send(request, reply, file, 'public, max-age=31536000, immutable')
  })
}

function send(request: FastifyRequest, reply: FastifyReply, file: PageFile, cache: string): FastifyReply {
  reply.headers({ 'cache-control': cache, etag: file.etag, vary: 'accept, accept-encoding' })
  if (request.headers['if-none-match'] === file.etag) return reply.code(304).send()
  const gzip = request.headers['accept-encoding']?.includes('gzip') === true
  if (gzip) reply.header('content-encoding', 'gzip')
  return reply.type(file.type).send(gzip ? file.gzipped : file.plain)
}
