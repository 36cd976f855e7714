import type { FastifyInstance, RouteOptions } from 'fastify'
import { ERROR_CODES } from './errors.js'
import { object } from './schemas.js'

declare module 'fastify' {
  interface FastifySchema {
    /** What it is for, in a few words. */
    readonly summary?: string
    /** Of a body that the route reads itself. */
    readonly accepts?: Content
    /** Of answers that are not JSON. */
    readonly produces?: string
  }
  interface FastifyContextConfig {
    /** Changes nothing, and so needs no token although it is sent. */
    readonly open?: true
  }
}

interface Content {
  readonly type: string
  readonly schema: object
  readonly required?: true
}

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, object>>
  readonly required?: readonly string[]
}

/** A route, as far as it is told of. */
type Route = Pick<RouteOptions, 'schema' | 'config' | 'url'> & { readonly method: string }

/** Of the API, whose paths begin with it; the program has versions of its own. */
const API_VERSION = '1'
const READING = new Set(['GET', 'HEAD', 'OPTIONS'])

const ERROR = {
  description: 'an error',
  content: {
    'application/json': {
      schema: object({
        error: object({
          code: { type: 'string', enum: ERROR_CODES },
          message: { type: 'string', description: 'what is wrong, and what to do about it' },
          requestId: { type: 'string', description: 'as in the log and in the header x-request-id' },
        }),
      }),
    },
  },
} as const

/** Whether a route needs the token: whatever is sent changes something, unless the route says otherwise. */
export function needsToken(method: string, config: RouteOptions['config']): boolean {
  return !READING.has(method) && config?.open !== true
}

/** What a server offers, from the schemas of its routes; made before the routes are. */
export class ApiDescription {
  private readonly routes: Route[] = []

  constructor(app: FastifyInstance) {
    app.addHook('onRoute', ({ method, url, schema, config }) => {
      if (typeof method !== 'string' || method === 'HEAD') return
      this.routes.push({ method, url, ...(schema && { schema }), ...(config && { config }) })
    })
  }

  /** By method and path with its parameters, what each is for. */
  endpoints(): Readonly<Record<string, string>> {
    return Object.fromEntries(
      this.routes.map(({ method, url, schema = {}, config }) => {
        const names = Object.keys((schema.querystring as ObjectSchema | undefined)?.properties ?? {})
        const query = names.length === 0 ? '' : `?${names.map((name) => `${name}=`).join('&')}`
        const token = needsToken(method, config) ? '; needs the token' : ''
        return [`${method} ${pathOf(url)}${query}`, `${schema.summary ?? ''}${token}`]
      }),
    )
  }

  /** OpenAPI 3.1, whose schemas are JSON Schema as it is. */
  document(): object {
    const paths: Record<string, Record<string, object>> = {}
    for (const route of this.routes) {
      const operations = (paths[pathOf(route.url)] ??= {})
      operations[route.method.toLowerCase()] = operation(route)
    }
    return {
      openapi: '3.1.0',
      info: {
        title: 'Tidecast',
        version: API_VERSION,
        description: 'Reading needs no token; whatever changes something does.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      paths,
      components: {
        securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
        responses: { Error: ERROR },
      },
    }
  }
}

function operation({ method, url, schema = {}, config }: Route): object {
  const { summary, accepts, produces = 'application/json', params, querystring, body } = schema
  const content = body === undefined ? accepts : { type: 'application/json', schema: body, required: true }
  return {
    operationId: operationId(method, url),
    summary,
    security: needsToken(method, config) ? [{ token: [] }] : [],
    parameters: [...parameters(params, 'path'), ...parameters(querystring, 'query')],
    ...(content === undefined
      ? {}
      : {
          requestBody: {
            required: content.required === true,
            content: { [content.type]: { schema: content.schema } },
          },
        }),
    responses: { ...responses(schema.response, produces), default: { $ref: '#/components/responses/Error' } },
  }
}

function parameters(given: unknown, place: 'path' | 'query'): object[] {
  const { properties = {}, required = [] } = (given ?? {}) as ObjectSchema
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema,
  }))
}

function responses(given: unknown, type: string): Record<string, object> {
  return Object.fromEntries(
    Object.entries((given ?? {}) as Readonly<Record<string, { readonly description?: string }>>).map(
      ([status, schema]) => [
        status,
        { description: schema.description ?? 'done', content: { [type]: { schema } } },
      ],
    ),
  )
}

/** `/api/v1/pipelines/:pipeline/train` → `postPipelinesPipelineTrain`: names for generated clients. */
function operationId(method: string, url: string): string {
  const words = url.replace('/api/v1', '').match(/[A-Za-z]+/g) ?? ['root']
  return method.toLowerCase() + words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('')
}

function pathOf(url: string): string {
  return url.replace(/:(\w+)/g, '{$1}')
}
