import type { ConfigProblem } from './error.js'
import { nearest } from './nearest.js'
import { isSetting, join, settingsOf } from './setting.js'
import type { SchemaNode } from './setting.js'

/** A value as given, before it is read. */
export interface Given {
  readonly value: unknown
  readonly source: string
  /** From the environment or the command line, where everything is text: "48" may be a number. */
  readonly textual: boolean
}

export interface Collected {
  /** Setting path → what was given last. */
  readonly daemon: Map<string, Given>
  /** Pipeline name → setting path → what was given last. */
  readonly pipelines: Map<string, Map<string, Given>>
  readonly problems: ConfigProblem[]
}

export interface Origin {
  readonly source: string
  readonly textual: boolean
}

/** Takes every known key of `raw` into `into`, where later ones replace earlier ones; unknown keys are problems. */
export function collect(
  raw: unknown,
  schema: SchemaNode,
  origin: Origin,
  into: Map<string, Given>,
  problems: ConfigProblem[],
  prefix = '',
  path = '',
): void {
  if (isSetting(schema)) {
    into.set(path, { value: raw, ...origin })
    return
  }
  if (!isObject(raw)) {
    problems.push({ path: prefix + path, value: raw, expected: 'an object', source: origin.source })
    return
  }
  for (const [key, value] of Object.entries(raw)) {
    const child = Object.hasOwn(schema, key) ? schema[key] : undefined
    if (child !== undefined) collect(value, child, origin, into, problems, prefix, join(path, key))
    else problems.push(unknownKey(prefix, join(path, key), key, schema, origin.source))
  }
}

function unknownKey(
  prefix: string,
  path: string,
  key: string,
  section: SchemaNode,
  source: string,
): ConfigProblem {
  // A key under the wrong section is as common as a misspelt one: `layers` means `model.layers`.
  const misplaced = [...settingsOf(section)].find(([setting]) => setting.endsWith(`.${key}`))?.[0]
  const meant = misplaced ?? nearest(key, Object.keys(section))
  return {
    path: prefix + path,
    value: undefined,
    expected: 'a known key',
    source,
    ...(meant === undefined ? {} : { nearest: meant }),
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
