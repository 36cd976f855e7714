/** Pieces of JSON Schema that several routes declare. */

export const PIPELINE_PARAMS = {
  type: 'object',
  required: ['pipeline'],
  properties: { pipeline: { type: 'string', description: 'name of a pipeline' } },
} as const

export const TIME = {
  type: 'string',
  maxLength: 40,
  description: 'time, ISO 8601 or milliseconds since the epoch',
} as const

export const SERIES_NAME = {
  type: 'string',
  minLength: 1,
  description: 'id of a series, as the records have it',
} as const

export const MILLISECONDS = { type: 'integer', description: 'milliseconds since the epoch' } as const

export function nullable(type: 'number' | 'integer' | 'string', description: string) {
  return { type: [type, 'null'], description } as const
}

export function listOf<T>(items: T, description?: string) {
  return { type: 'array', items, ...(description === undefined ? {} : { description }) } as const
}

/** All properties are always there, unless they are said to be optional. */
export function object<P extends Readonly<Record<string, unknown>>>(
  properties: P,
  optional: readonly (keyof P & string)[] = [],
) {
  const required = Object.keys(properties).filter((name) => !optional.includes(name))
  return { type: 'object', required, properties } as const
}

/** A value as it was observed: a number, of symbols a text; null is missing. */
export const OBSERVED = { type: ['number', 'string', 'null'] } as const

export const FORECAST = {
  ...object(
    {
      pipeline: { type: 'string' },
      series: { type: 'string' },
      origin: { type: 'string', format: 'date-time', description: 'of the last observation it has seen' },
      interval: { type: 'string', description: 'ISO 8601 duration, or "observations"' },
      horizon: { type: 'integer' },
      model: { type: 'string', description: 'name@version, baseline included' },
      quantiles: {
        type: 'object',
        additionalProperties: { type: 'array', items: { type: 'number' } },
        description: 'by level: element h, from 0, is for origin + (h + 1) · interval',
      },
      symbols: {
        type: 'array',
        items: object({ symbol: { type: 'string' }, probability: { type: 'number' } }),
        description: 'of symbols, which have no quantiles: the most probable next ones',
      },
    },
    ['quantiles', 'symbols'],
  ),
} as const

/** A body that may be left out, with a note of why. */
export function noteBody(properties: Readonly<Record<string, object>> = {}) {
  return {
    type: 'application/json',
    schema: {
      type: 'object',
      properties: { reason: { type: 'string', maxLength: LONGEST_NOTE }, ...properties },
    },
  } as const
}

/** Characters of a note that says why somebody asks for something. */
export const LONGEST_NOTE = 200
