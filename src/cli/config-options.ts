import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import { loadConfig } from '../config/load.js'
import type { Config } from '../config/types.js'
import type { CliContext } from './context.js'

/** The demonstration's configuration, which ships with the package. */
const PACKAGED = fileURLToPath(new URL('../../../config/default.json5', import.meta.url))

export interface ConfigOptions {
  readonly config?: readonly string[]
  readonly set?: Readonly<Record<string, string>>
}

/** Adds `--config` and `--set` to a command, the same for all of them. */
export function addConfigOptions(command: Command): Command {
  return command
    .option(
      '-c, --config <file...>',
      'configuration files, later ones over earlier ones (default: $TIDECAST_CONFIG, ./tidecast.json5, else the demonstration)',
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
  return loadConfig({ files: configFiles(options, context), env: context.env, overrides: options.set ?? {} })
}

/** The files a configuration is read from, as absolute paths. */
export function configFiles(options: ConfigOptions, { env, cwd }: CliContext): readonly string[] {
  if (options.config !== undefined) return options.config.map((file) => resolve(cwd, file))
  const named = env['TIDECAST_CONFIG']
  if (named !== undefined && named !== '') return [resolve(cwd, named)]
  const local = resolve(cwd, 'tidecast.json5')
  return [existsSync(local) ? local : PACKAGED]
}
