import type { FastifyInstance } from 'fastify'
import { parseTimestamp } from '../../core/timestamp.js'
import type { SeriesControl, SeriesQuery, TimeRange } from '../../ports/control/series.js'
import { HttpError } from './errors.js'
import { chartRows } from './chart-rows.js'
import {
  CHART,
  FORECASTS,
  HISTORY,
  LIST,
  MOST_FORECASTS,
  STATE,
  WHAT_IF,
  WHAT_IF_BYTES,
} from './series-schemas.js'

interface OfPipeline {
  readonly pipeline: string
}

interface RangeQuery {
  readonly series: string
  readonly from?: string
  readonly to?: string
  readonly limit: number
}

/** Series by name, figure and age, and what became of one; the name is a query parameter, since it may hold anything. */
export function seriesRoutes(app: FastifyInstance, source: { readonly series: SeriesControl }): void {
  const at = '/api/v1/pipelines/:pipeline/series'

  app.get<{ Params: OfPipeline; Querystring: SeriesQuery }>(
    at,
    { schema: LIST },
    async ({ params: { pipeline }, query }) => known(await source.series.list(pipeline, query), pipeline),
  )

  app.get<{ Params: OfPipeline; Querystring: { readonly series: string } }>(
    `${at}/state`,
    { schema: STATE },
    async ({ params: { pipeline }, query: { series } }) => {
      const state = known(await source.series.state(pipeline, series), pipeline)
      if (state !== null) return state
      throw unknownSeries(pipeline, series)
    },
  )

  app.get<{ Params: OfPipeline; Querystring: RangeQuery }>(
    `${at}/history`,
    { schema: HISTORY },
    async ({ params: { pipeline }, query }) =>
      known(await source.series.history(pipeline, query.series, rangeOf(query)), pipeline),
  )

  app.get<{ Params: OfPipeline; Querystring: RangeQuery & { readonly step?: number } }>(
    `${at}/forecasts`,
    { schema: FORECASTS },
    async ({ params: { pipeline }, query }) => {
      const { step } = query
      const range = rangeOf(query)
      if (step === undefined) {
        const limit = Math.min(range.limit, MOST_FORECASTS)
        return known(await source.series.forecasts(pipeline, query.series, { ...range, limit }), pipeline)
      }
      return known(await source.series.steps(pipeline, query.series, step, range), pipeline)
    },
  )

  app.get<{ Params: OfPipeline; Querystring: RangeQuery & { readonly step: number } }>(
    `${at}/chart`,
    { schema: CHART },
    async ({ params: { pipeline }, query }) => {
      const { series, step } = query
      const range = rangeOf(query)
      const { observations } = known(await source.series.history(pipeline, series, range), pipeline)
      const made = known(await source.series.steps(pipeline, series, step, range), pipeline)
      const newest = { from: -Infinity, to: Infinity, limit: 1 }
      const { forecasts } = known(await source.series.forecasts(pipeline, series, newest), pipeline)
      return { rows: chartRows(observations, made.rows, forecasts.at(-1)) }
    },
  )

  // JSON is read only here: everywhere else a body is taken as it comes.
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'string', bodyLimit: WHAT_IF_BYTES }, (_, body, done) => {
      try {
        done(null, JSON.parse(String(body)))
      } catch {
        done(new HttpError(400, 'bad-json', 'Send {"series": "…", "values": [1.5, null, …]} as JSON.'))
      }
    })
    scope.post<{
      Params: OfPipeline
      Body: { readonly series: string; readonly values: readonly (number | null)[] }
    }>(
      '/api/v1/pipelines/:pipeline/what-if',
      { schema: WHAT_IF, config: { open: true } },
      async ({ params: { pipeline }, body: { series, values } }) => {
        const supposed = values.map((value) => value ?? NaN)
        const outcome = known(await source.series.whatIf(pipeline, series, supposed), pipeline)
        if (outcome === null) throw unknownSeries(pipeline, series)
        if (outcome.kind === 'refused') throw new HttpError(422, 'not-possible', `${outcome.why}.`)
        return outcome.forecast
      },
    )
  })
}

function unknownSeries(pipeline: string, series: string): HttpError {
  const message = `Nothing is known here of series "${series}" in "${pipeline}".`
  return new HttpError(404, 'unknown-series', message, { pipeline, series })
}

function known<T>(found: T | undefined, pipeline: string): T {
  if (found !== undefined) return found
  throw new HttpError(404, 'unknown-pipeline', `There is no pipeline "${pipeline}".`, { pipeline })
}

function rangeOf({ from, to, limit }: RangeQuery): TimeRange {
  return { from: timeOf('from', from, -Infinity), to: timeOf('to', to, Infinity), limit }
}

function timeOf(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  const time = /^-?\d+$/.test(text) ? Number(text) : parseTimestamp(text)
  if (time === time) return time
  const message = `"${name}" is not a time: expected ISO 8601, or milliseconds since the epoch.`
  throw new HttpError(400, 'bad-request', message)
}
