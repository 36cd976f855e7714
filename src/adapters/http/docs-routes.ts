import type { FastifyInstance } from 'fastify'
import type { ApiDescription } from './describe.js'
import { DOCS_POLICY, docsPage } from './docs-page.js'

const DOCUMENT = {
  summary: 'this, as OpenAPI 3.1',
  response: { 200: { type: 'object' } },
} as const

const PAGE = {
  summary: 'this, for people',
  produces: 'text/html',
  response: { 200: { type: 'string' } },
} as const

/** What there is to ask for, for programs and for people. */
export function docsRoutes(app: FastifyInstance, api: ApiDescription): void {
  app.get('/api/v1/openapi.json', { schema: DOCUMENT }, () => api.document())
  app.get('/api/v1/docs', { schema: PAGE }, (_, reply) =>
    reply
      .header('content-security-policy', DOCS_POLICY)
      .type('text/html; charset=utf-8')
      .send(docsPage(api.document())),
  )
}
