import type { FastifyInstance } from 'fastify'
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
import type { ApiDescription } from './describe.js'
import { docsRoutes } from './docs-routes.js'
import { eventRoute } from './event-stream.js'
import { ingestRoute } from './ingest-route.js'
import { learningRoutes } from './learning-routes.js'
import { modelsRoutes } from './models-routes.js'
import type { PageFiles } from './page-files.js'
import { pageRoutes } from './page-route.js'
import { problemsRoute } from './problems-route.js'
import { readRoutes } from './read-routes.js'
import { seriesRoutes } from './series-routes.js'

/** What is asked when a request comes. */
export interface RouteSources {
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
}

/** Everything that is served. Whatever is sent needs the token, unless its route says that it changes nothing. */
export function declareRoutes(app: FastifyInstance, api: ApiDescription, sources: RouteSources): void {
  const { control, telemetry, configuration, learning, models, backtests, views } = sources
  pageRoutes(app, sources.page ?? new Map(), api)
  readRoutes(app, control, telemetry)
  ingestRoute(app, sources)
  if (configuration !== undefined) configRoutes(app, configuration)
  if (learning !== undefined) learningRoutes(app, learning)
  if (models !== undefined) modelsRoutes(app, models)
  if (backtests !== undefined) backtestRoutes(app, backtests)
  if (views !== undefined) {
    problemsRoute(app, views)
    seriesRoutes(app, views)
    eventRoute(app, { ...sources, views })
  }
  docsRoutes(app, api)
}
