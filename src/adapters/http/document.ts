import { fastify } from 'fastify'
import { ApiDescription } from './describe.js'
import { declareRoutes } from './routes.js'

/** The whole API as OpenAPI, as a text; the same that a daemon serves. */
export async function apiDocument(): Promise<string> {
  const app = fastify()
  const api = new ApiDescription(app)
  // Routes are declared, not asked: there is nothing behind them.
  const nothing = {} as never
  declareRoutes(app, api, {
    maxRecordsPerRequest: 1,
    control: nothing,
    configuration: nothing,
    learning: nothing,
    models: nothing,
    views: nothing,
    backtests: nothing,
    telemetry: nothing,
  })
  await app.ready()
  return `${JSON.stringify(api.document(), null, 2)}\n`
}
