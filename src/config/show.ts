import type { ShownValue } from '../ports/control/config.js'
import { MASK } from '../core/secrets.js'
import { formats } from './formats.js'
import { pipelineSchema } from './pipeline-schema.js'
import { daemonSchema } from './schema.js'
import { isSetting } from './setting.js'
import type { SchemaNode } from './setting.js'
import type { Config } from './types.js'
import { allValues, daemonForm, printed } from './values.js'

/** The configuration with its secrets masked: what may be printed and logged. */
export function maskSecrets(config: Config): Config {
  const { http, broker, schemaRegistry } = config
  const mask = (secret: string | null): string | null => (secret === null ? null : MASK)
  const { sasl } = broker.kafka
  const oauth = { ...sasl.oauth, clientSecret: mask(sasl.oauth.clientSecret) }
  const kafka = { ...broker.kafka, sasl: { ...sasl, password: mask(sasl.password), oauth } }
  return {
    ...config,
    http: {
      ...http,
      ...(http.token === undefined ? {} : { token: MASK }),
      tls: http.tls === null ? null : { ...http.tls, privateKey: MASK },
    },
    broker: { ...broker, kafka },
    schemaRegistry: {
      ...schemaRegistry,
      password: mask(schemaRegistry.password),
      token: mask(schemaRegistry.token),
    },
  }
}

/** The configuration as a file would say it, with units, every default spelled out and secrets left out. */
export function asFile(config: Config): Record<string, unknown> {
  const pipelines = config.pipelines.map((pipeline) => [pipeline.name, print(pipelineSchema, pipeline)])
  return {
    ...(print(daemonSchema, daemonForm(config)) as object),
    pipelines: Object.fromEntries(pipelines) as unknown,
  }
}

/** @param origins by path, of what was given */
export function shownValues(config: Config, origins: ReadonlyMap<string, string>): ShownValue[] {
  return [...allValues(config)].map(([path, value]) => ({
    path,
    value: printed(value),
    origin: origins.get(path) ?? 'default',
    masked: value.setting.sensitive === true && (value.value ?? null) !== null,
  }))
}

function print(node: SchemaNode, value: unknown): unknown {
  if (isSetting(node)) return formats[node.format].print?.(value) ?? value
  const values = value as Readonly<Record<string, unknown>>
  return Object.fromEntries(
    Object.entries(node)
      .filter(
        ([key, child]) => (values[key] ?? null) !== null && !(isSetting(child) && child.sensitive === true),
      )
      .map(([key, child]) => [key, print(child, values[key])]),
  )
}
