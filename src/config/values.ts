import { createHash } from 'node:crypto'
import { MASK } from '../core/secrets.js'
import { formats } from './formats.js'
import { pipelineSchema } from './pipeline-schema.js'
import { daemonSchema } from './schema.js'
import { settingsOf, type SchemaNode, type Setting } from './setting.js'
import type { Config, PipelineConfig } from './types.js'

/** A setting with its value in a configuration. */
export interface Value {
  readonly setting: Setting<unknown>
  /** In the program's form; `undefined` where there is none. */
  readonly value: unknown
}

/** The configuration without its pipelines, under the names that a file has. */
export function daemonForm(config: Config): object {
  const { http, broker } = config
  const { mapSizeBytes, retentionMs, retentionBytes } = broker.embedded
  return {
    ...config,
    http: { ...http, tls: http.tls ?? { cert: null, key: null }, maxBody: http.maxBodyBytes },
    broker: {
      kind: broker.kind,
      embedded: { mapSize: mapSizeBytes, retention: retentionMs, retentionBytes },
      kafka: broker.kafka,
    },
  }
}

/** Every setting of the daemon, by its path in a file. */
export function daemonValues(config: Config): ReadonlyMap<string, Value> {
  return valuesOf(daemonSchema, daemonForm(config), '')
}

/** Every setting of a pipeline, by its path in a file. */
export function pipelineValues(pipeline: PipelineConfig): ReadonlyMap<string, Value> {
  return valuesOf(pipelineSchema, pipeline, `pipelines.${pipeline.name}.`)
}

/** Every setting in effect, by its path in a file. */
export function allValues(config: Config): ReadonlyMap<string, Value> {
  return new Map([daemonValues(config), ...config.pipelines.map(pipelineValues)].flatMap((map) => [...map]))
}

/** As a file would say it, with units; `null` for none; never a secret. */
export function printed({ setting, value }: Value): unknown {
  if (value === undefined || value === null) return null
  return setting.sensitive === true ? MASK : (formats[setting.format].print?.(value) ?? value)
}

/** Values that are never to be seen. */
export function secretsIn(config: Config): string[] {
  return [...allValues(config).values()].flatMap(({ setting, value }) =>
    setting.sensitive === true && typeof value === 'string' && value !== '' ? [value] : [],
  )
}

/** The same for configurations that say the same, whatever they are written in. Secrets are left out. */
export function configHash(config: Config): string {
  const rows = [...allValues(config)]
    .filter(([, { setting }]) => setting.sensitive !== true)
    .map(([path, { value }]) => [path, value ?? null] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(rows)).digest('hex').slice(0, HASH_DIGITS)
}

/** As many as a metric can hold exactly. */
const HASH_DIGITS = 12

function valuesOf(schema: SchemaNode, root: unknown, prefix: string): ReadonlyMap<string, Value> {
  return new Map(
    [...settingsOf(schema)].map(([path, setting]) => [prefix + path, { setting, value: at(root, path) }]),
  )
}

function at(root: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((node, key) => (node as Readonly<Record<string, unknown>> | undefined)?.[key], root)
}
