import type { FormatName } from './formats.js'
import type { Reload } from './reload-class.js'

/** One key of the configuration. A convict schema leaf, with the bounds and the texts that the reference needs. */
export interface Setting<T> {
  readonly doc: string
  readonly format: FormatName
  readonly default: T
  /** What a change of it takes while the daemon runs. */
  readonly reload: Reload
  /** Of a smaller number, or of fewer of the values there were. */
  readonly narrowed?: Reload
  readonly env?: string
  /** The value is never printed. */
  readonly sensitive?: true
  readonly min?: number
  readonly max?: number
  readonly options?: readonly string[]
  /** What a `null` default stands for. */
  readonly defaultText?: string
}

type Primitive = string | number | boolean | null

/** A setting for every key of T: a key added to T without documentation does not compile. */
export type SettingsOf<T> = {
  readonly [K in keyof T]: T[K] extends Primitive | readonly unknown[] | Season
    ? Setting<T[K]>
    : SettingsOf<T[K]>
}

export interface Season {
  readonly short: number
  readonly long: number
}

export type SchemaNode = Setting<unknown> | { readonly [key: string]: SchemaNode }

export function isSetting(node: SchemaNode): node is Setting<unknown> {
  return typeof node['doc'] === 'string'
}

/** Every setting under `node` with its dotted path, in the order of the schema. */
export function* settingsOf(node: SchemaNode, path = ''): Generator<readonly [string, Setting<unknown>]> {
  if (isSetting(node)) yield [path, node]
  else for (const [key, child] of Object.entries(node)) yield* settingsOf(child, join(path, key))
}

export function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`
}
