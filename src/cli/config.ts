import type { Command } from 'commander'
import JSON5 from 'json5'
import { ConfigError } from '../config/error.js'
import { configReference } from '../config/reference.js'
import { asFile, maskSecrets } from '../config/show.js'
import type { Config } from '../config/types.js'
import { addConfigOptions, configFiles, configFrom } from './config-options.js'
import type { ConfigOptions } from './config-options.js'
import type { CliContext } from './context.js'

type Options = ConfigOptions & { readonly json?: true }

export function registerConfig(program: Command, context: CliContext): void {
  const config = program.command('config').description('check, show and explain the configuration')

  addConfigOptions(
    config.command('check').description('check the configuration and list everything wrong with it'),
  )
    .option('--json', 'print the outcome as JSON')
    .action((options: Options) => check(options, context))

  addConfigOptions(config.command('show').description('print the configuration in effect, secrets masked'))
    .option('--json', "print the program's form as JSON: milliseconds and bytes")
    .action((options: Options) => show(options, context))

  config
    .command('reference')
    .description('print the page about every setting, in Markdown')
    .action(() => void context.stdout.write(configReference()))
}

function check(options: Options, context: CliContext): void {
  const outcome = attempt(options, context)
  if (options.json === true) {
    const problems = outcome instanceof ConfigError ? outcome.problems : []
    context.stdout.write(`${JSON.stringify({ ok: problems.length === 0, problems })}\n`)
    if (problems.length > 0) context.exit(1)
  } else if (outcome instanceof ConfigError) {
    fail(outcome, context)
  } else {
    const names = outcome.pipelines.map(({ name }) => name).join(', ')
    const files = configFiles(options, context).join(', ')
    context.stdout.write(`ok: ${files} (pipelines: ${names === '' ? 'none' : names})\n`)
  }
}

function show(options: Options, context: CliContext): void {
  const outcome = attempt(options, context)
  if (outcome instanceof ConfigError) {
    fail(outcome, context)
    return
  }
  const text =
    options.json === true
      ? JSON.stringify(maskSecrets(outcome), null, 2)
      : JSON5.stringify(asFile(outcome), { space: 2, quote: "'" })
  context.stdout.write(`${text}\n`)
}

function attempt(options: Options, context: CliContext): Config | ConfigError {
  try {
    return configFrom(options, context)
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
}

function fail(error: ConfigError, context: CliContext): void {
  context.stderr.write(`${error.message}\n`)
  context.exit(1)
}
