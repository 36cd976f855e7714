import type { RegisteredSchema } from '../value-format.js'
import { quantileField, type ForecastForm } from './format.js'

const RECORD = 'A probabilistic forecast of a series, made by one step of its recurrent state'
const DOCS = {
  pipeline: 'Name of the pipeline that made it',
  series: 'Id of the series, as in the key',
  origin: 'Time of the last observation that the forecast has seen',
  interval: 'Time between two steps, as an ISO 8601 duration, or "observations" where they keep to no clock',
  horizon: 'Number of steps that are forecast',
  model: 'What made it: name@version of a network, or baseline',
  quantiles: 'By level, such as "0.5": a value for each step, the first for origin + interval',
  target: 'Time that is forecast; null where steps keep to no clock',
  step: 'Number of steps from the origin, from 1',
} as const

/** The schema under which a pipeline's forecasts are registered; `null`: JSON has none. */
export function forecastSchema(form: ForecastForm): Pick<RegisteredSchema, 'type' | 'text'> | null {
  switch (form.encoding.output) {
    case 'json':
      return null
    case 'avro':
      return { type: 'avro', text: avroSchema(form) }
    case 'json-schema':
      return { type: 'json-schema', text: jsonSchema(form) }
  }
}

/** Of the topic-name strategy. */
export function valueSubject(topic: string): string {
  return `${topic}-value`
}

const TIME = { type: 'long', logicalType: 'timestamp-millis' } as const

/**
 * Wide, it is the same for all pipelines: levels are the keys of a map. Long, each level is a field of its own, with a
 * default, so that readers and writers before and after a change of levels understand each other.
 */
export function avroSchema({ publish, quantiles }: ForecastForm): string {
  const field = (name: keyof typeof DOCS, type: unknown, rest = {}): object => ({
    name,
    type,
    doc: DOCS[name],
    ...rest,
  })
  const fields = [field('pipeline', 'string'), field('series', 'string'), field('origin', TIME)]
  if (publish.format === 'wide') {
    fields.push(field('interval', 'string'), field('horizon', 'int'), field('model', 'string'))
    fields.push(field('quantiles', { type: 'map', values: { type: 'array', items: 'double' } }))
    return record('Forecast', RECORD, fields)
  }
  fields.push(field('target', ['null', TIME], { default: null }))
  fields.push(field('step', 'int'), field('model', 'string'))
  for (const level of quantiles) {
    const doc = levelDoc(level)
    fields.push({ name: quantileField(level), type: ['null', 'double'], default: null, doc })
  }
  return record('ForecastStep', `${RECORD}: one step of it`, fields)
}

function record(name: string, doc: string, fields: readonly object[]): string {
  return JSON.stringify({ type: 'record', namespace: 'tidecast', name, doc, fields })
}

function levelDoc(level: number): string {
  return `Quantile ${String(level)}: with this probability what comes is no greater`
}

/** JSON Schema, draft 7, which registries know. */
function jsonSchema({ publish, quantiles }: ForecastForm): string {
  const described = (name: keyof typeof DOCS, form: object): [string, object] => [
    name,
    { ...form, description: DOCS[name] },
  ]
  const time = { type: 'string', format: 'date-time' }
  const text = { type: 'string' }
  const count = { type: 'integer', minimum: 1 }
  const wide = publish.format === 'wide'
  const numbers = { type: 'array', items: { type: 'number' } }
  const properties = [
    described('pipeline', text),
    described('series', text),
    described('origin', time),
    ...(wide
      ? [
          described('interval', text),
          described('horizon', count),
          described('model', text),
          described('quantiles', { type: 'object', additionalProperties: numbers }),
        ]
      : [
          described('target', { oneOf: [{ type: 'null' }, time] }),
          described('step', count),
          described('model', text),
          ...quantiles.map((level): [string, object] => [
            quantileField(level),
            { type: 'number', description: levelDoc(level) },
          ]),
        ]),
  ]
  return JSON.stringify({
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: wide ? 'tidecast.Forecast' : 'tidecast.ForecastStep',
    description: wide ? RECORD : `${RECORD}: one step of it`,
    type: 'object',
    properties: Object.fromEntries(properties),
    required: properties.map(([name]) => name),
  })
}
