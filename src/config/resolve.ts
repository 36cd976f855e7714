import convict from 'convict'
import JSON5 from 'json5'
import type { Given } from './collect.js'
import type { ConfigProblem } from './error.js'
import { formats } from './formats.js'
import { settingsOf } from './setting.js'
import type { SchemaNode, Setting, SettingsOf } from './setting.js'

export interface Resolved<T> {
  readonly settings: T
  /** Paths whose value was not usable; `settings` holds their defaults. */
  readonly failed: ReadonlySet<string>
}

/**
 * Reads what was given against the schema; what was not given keeps its default. Convict holds schema, defaults and the
 * final check; values are judged one by one before they reach it, because it reports failures only as one joined text.
 */
export function resolve<T>(
  schema: SettingsOf<T> & SchemaNode,
  given: ReadonlyMap<string, Given>,
  problems: ConfigProblem[],
  prefix = '',
): Resolved<T> {
  const config = convict(withNullable(schema), { env: {}, args: [] })
  const failed = new Set<string>()
  for (const [path, setting] of settingsOf(schema)) {
    const entry = given.get(path)
    if (entry === undefined) continue
    const value = read(entry, setting)
    if (value === undefined) {
      failed.add(path)
      problems.push({
        path: prefix + path,
        value: setting.sensitive === true ? '[secret]' : entry.value,
        expected: formats[setting.format].expected(setting),
        source: entry.source,
      })
    } else {
      config.set(path, value)
    }
  }
  return { settings: config.validate({ allowed: 'strict' }).getProperties() as T, failed }
}

function read({ value, textual }: Given, setting: Setting<unknown>): unknown {
  const format = formats[setting.format]
  const usable = (raw: unknown): unknown => {
    const parsed = format.parse(raw)
    return parsed === undefined || format.valid?.(parsed, setting) === false ? undefined : parsed
  }
  const asGiven = usable(value)
  return asGiven === undefined && textual && typeof value === 'string' ? usable(literal(value)) : asGiven
}

function literal(text: string): unknown {
  try {
    return JSON5.parse(text)
  } catch {
    return undefined
  }
}

/**
 * A `null` default means "follows from something else", which convict has to be told. Convict's own types are left out:
 * they spell every dotted path of T, which the compiler does not finish for a schema of this size.
 */
function withNullable(schema: SchemaNode): convict.Schema<Record<string, unknown>> {
  const clone = structuredClone(schema)
  for (const [, setting] of settingsOf(clone)) {
    if (setting.default === null) Object.assign(setting, { nullable: true })
  }
  return clone as convict.Schema<Record<string, unknown>>
}
