import type { FormatName } from './formats.js'
import { formats } from './formats.js'
import { pipelineSchema } from './pipeline-schema.js'
import { daemonSchema } from './schema.js'
import { isSetting, type SchemaNode, type Setting } from './setting.js'

type JsonSchema = Readonly<Record<string, unknown>>

const numeric = (type: 'integer' | 'number', { min, max }: Setting<unknown>): JsonSchema => ({
  type,
  ...(min === undefined ? {} : { minimum: min }),
  ...(max === undefined ? {} : { maximum: max }),
})
const TEXT = { type: 'string' }
const TEXTS = { anyOf: [{ type: 'array', items: TEXT }, TEXT] }
const LENGTHS = { type: 'integer', minimum: 1 }

/** What an editor can tell before the daemon does. It accepts all that the daemon does, and some more. */
const forms: Readonly<Record<FormatName, (setting: Setting<unknown>) => JsonSchema>> = {
  boolean: () => ({ type: 'boolean' }),
  integer: (setting) => numeric('integer', setting),
  number: (setting) => numeric('number', setting),
  duration: () => ({ anyOf: [{ ...TEXT, pattern: '^(\\s*[0-9.]+\\s*[a-zA-Zµ]+)+\\s*$|^P' }, { const: 0 }] }),
  size: () => ({ anyOf: [{ ...TEXT, pattern: '^\\s*[0-9.]+\\s*[kKMGTi]*[bB]?\\s*$' }, { type: 'integer' }] }),
  choice: ({ options }) => ({ enum: options }),
  addresses: () => ({ anyOf: [{ type: 'array', items: TEXT, minItems: 1 }, TEXT] }),
  url: () => ({ ...TEXT, pattern: '^https?://' }),
  text: () => ({ ...TEXT, minLength: 1 }),
  httpsUrl: () => ({ ...TEXT, pattern: '^https://' }),
  topic: () => ({ ...TEXT, pattern: '^[A-Za-z0-9._-]{1,249}$' }),
  fieldPath: () => ({ ...TEXT, minLength: 1 }),
  seriesPath: () => TEXT,
  secret: () => ({ ...TEXT, minLength: 16 }),
  interval: () => TEXT,
  season: () => ({
    anyOf: [
      { const: 'none' },
      LENGTHS,
      { type: 'array', items: LENGTHS, minItems: 1, maxItems: 2 },
      {
        type: 'object',
        properties: { short: LENGTHS, long: LENGTHS },
        required: ['short', 'long'],
        additionalProperties: false,
      },
    ],
  }),
  names: () => ({ type: 'array', items: { ...TEXT, minLength: 1 }, maxItems: 20, uniqueItems: true }),
  timeZone: () => ({ ...TEXT, minLength: 1 }),
  holidays: () => TEXTS,
  covariates: () => TEXTS,
  start: () => TEXT,
  quantiles: () => ({
    type: 'array',
    items: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
    minItems: 3,
    maxItems: 21,
  }),
}

/** A JSON Schema (draft 7, which editors know) of configuration files. */
export function configJsonSchema(): JsonSchema {
  const { type, properties, additionalProperties } = sectionOf(daemonSchema)
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Tidecast configuration',
    type,
    properties: {
      ...(properties as object),
      pipelines: {
        description: 'Pipelines by name.',
        type: 'object',
        propertyNames: { pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$' },
        additionalProperties: sectionOf(pipelineSchema),
      },
    },
    additionalProperties,
  }
}

function sectionOf(node: SchemaNode): JsonSchema {
  if (isSetting(node)) return settingOf(node)
  const properties = Object.fromEntries(Object.entries(node).map(([key, child]) => [key, sectionOf(child)]))
  return { type: 'object', properties, additionalProperties: false }
}

function settingOf(setting: Setting<unknown>): JsonSchema {
  const { doc, format, default: fallback, reload } = setting
  const printed = fallback === null ? undefined : (formats[format].print?.(fallback) ?? fallback)
  return {
    description: `${doc} Takes ${formats[format].expected(setting)}. Reload: ${reload}.`,
    ...(printed === undefined ? {} : { default: printed }),
    ...forms[format](setting),
  }
}
