import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import { loadConfig, type ConfigSources } from '../config/load.js'
import type { Config } from '../config/types.js'
import type { CliContext } from './context.js'

/** They ship with the package. `default` is the demonstration's. */
const packaged = (name: string): string =>
  fileURLToPath(new URL(`../../../config/${name}.json5`, import.meta.url))

const LOCAL = ['tidecast.json5', 'tidecast.yaml', 'tidecast.yml']

export const PROFILES = ['stock', 'traffic', 'load', 'weather'] as const
type Profile = (typeof PROFILES)[number]

export interface ConfigOptions {
  readonly profile?: readonly Profile[]
  readonly config?: readonly string[]
  readonly set?: Readonly<Record<string, string>>
}

/** Adds `--config`, `--profile` and `--set` to a command, the same for all of them. */
export function addConfigOptions(command: Command): Command {
  return command
    .option(
      '-c, --config <file...>',
      'configuration files, later ones over earlier ones (default: $TIDECAST_CONFIG, ./tidecast.json5 or .yaml, else the demonstration)',
    )
    .addOption(
      new Option(
        '--profile <name...>',
        'begin with the settings for a kind of topic, under the configuration files; they are in config/',
      ).choices(PROFILES),
    )
    .option(
      '--set <path=value>',
      'set one key, such as pipelines.electricity.horizon=48; repeatable',
      assignment,
    )
}

/** Collects what repeated options of the form path=value set. */
export function assignment(text: string, previous: Readonly<Record<string, string>> | undefined) {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Expected path=value.')
  return { ...previous, [text.slice(0, at).trim()]: text.slice(at + 1) }
}

/** Throws a `ConfigError`. */
export function configFrom(options: ConfigOptions, context: CliContext): Config {
  return loadConfig(configSources(options, context))
}

/** Where a configuration is read from. */
export function configSources(options: ConfigOptions, context: CliContext): ConfigSources {
  return { files: configFiles(options, context), env: context.env, overrides: options.set ?? {} }
}

/** The files a configuration is read from, as absolute paths. */
export function configFiles(options: ConfigOptions, context: CliContext): readonly string[] {
  const profiles = (options.profile ?? []).map(packaged)
  const own = ownFiles(options, context)
  return profiles.length + own.length === 0 ? [packaged('default')] : [...profiles, ...own]
}

function ownFiles(options: ConfigOptions, { env, cwd }: CliContext): readonly string[] {
  if (options.config !== undefined) return options.config.map((file) => resolve(cwd, file))
  const named = env['TIDECAST_CONFIG']
  if (named !== undefined && named !== '') return [resolve(cwd, named)]
  const local = LOCAL.map((name) => resolve(cwd, name)).find((file) => existsSync(file))
  return local === undefined ? [] : [local]
}
