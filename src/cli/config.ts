import { resolve } from 'node:path'
import type { Command } from 'commander'
import JSON5 from 'json5'
import { ConfigError } from '../config/error.js'
import { configJsonSchema } from '../config/json-schema.js'
import { loadWithOrigins, type Loaded } from '../config/load.js'
import { describePlan, planReload, reportPlan } from '../config/plan.js'
import { configReference } from '../config/reference.js'
import { asFile, maskSecrets, shownValues } from '../config/show.js'
import { addConfigOptions, configFiles, configSources } from './config-options.js'
import type { ConfigOptions } from './config-options.js'
import { registerPlan } from './config-plan.js'
import type { CliContext } from './context.js'
import { table } from './table.js'

type Options = ConfigOptions & { readonly json?: true; readonly origins?: true }

export function registerConfig(program: Command, context: CliContext): void {
  const config = program.command('config').description('check, show, compare and explain the configuration')

  addConfigOptions(
    config.command('check').description('check the configuration and list everything wrong with it'),
  )
    .option('--json', 'print the outcome as JSON')
    .action((options: Options) => check(options, context))

  addConfigOptions(config.command('show').description('print the configuration in effect, secrets masked'))
    .option('--origins', 'one line for each setting, with the file, variable or option it came from')
    .option('--json', "print the program's form as JSON: milliseconds and bytes")
    .action((options: Options) => show(options, context))

  config
    .command('diff')
    .description('what differs between two configuration files, and what a reload would do about it')
    .argument('<old>', 'a configuration file')
    .argument('<new>', 'another one')
    .option('--json', 'print the differences as JSON')
    .action((before: string, after: string, options: { readonly json?: true }) => {
      diff(before, after, options.json === true, context)
    })

  registerPlan(config, context)

  config
    .command('schema')
    .description('print a JSON Schema of configuration files, for editors')
    .action(() => void context.stdout.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`))

  config
    .command('reference')
    .description('print the page about every setting, in Markdown')
    .action(() => void context.stdout.write(configReference()))
}

function check(options: Options, context: CliContext): void {
  const outcome = attempt(() => loadWithOrigins(configSources(options, context)))
  if (options.json === true) {
    const problems = outcome instanceof ConfigError ? outcome.problems : []
    context.stdout.write(`${JSON.stringify({ ok: problems.length === 0, problems })}\n`)
    if (problems.length > 0) context.exit(1)
  } else if (outcome instanceof ConfigError) {
    fail(outcome, context)
  } else {
    const names = outcome.config.pipelines.map(({ name }) => name).join(', ')
    const files = configFiles(options, context).join(', ')
    context.stdout.write(`ok: ${files} (pipelines: ${names === '' ? 'none' : names})\n`)
  }
}

function show(options: Options, context: CliContext): void {
  const outcome = attempt(() => loadWithOrigins(configSources(options, context)))
  if (outcome instanceof ConfigError) fail(outcome, context)
  else context.stdout.write(`${shownAs(outcome, options)}\n`)
}

function shownAs({ config, origins }: Loaded, options: Options): string {
  if (options.origins !== true) {
    return options.json === true
      ? JSON.stringify(maskSecrets(config), null, 2)
      : JSON5.stringify(asFile(config), { space: 2, quote: "'" })
  }
  const values = shownValues(config, origins)
  if (options.json === true) return JSON.stringify(values, null, 2)
  const rows = values.map(({ path, value, origin }) => [
    path,
    value === null ? 'none' : JSON5.stringify(value),
    origin,
  ])
  return table(['setting', 'value', 'origin'], rows, 3).trimEnd()
}

function diff(before: string, after: string, json: boolean, context: CliContext): void {
  const load = (file: string): Loaded => loadWithOrigins({ files: [resolve(context.cwd, file)], env: {} })
  const outcome = attempt(() => planReload(load(before).config, load(after).config))
  if (outcome instanceof ConfigError) {
    fail(outcome, context)
    return
  }
  const report = reportPlan(outcome)
  if (json) context.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
  else
    context.stdout.write(
      describePlan(report)
        .map((line) => `${line}\n`)
        .join(''),
    )
}

function attempt<T>(work: () => T): T | ConfigError {
  try {
    return work()
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
}

function fail(error: ConfigError, context: CliContext): void {
  context.stderr.write(`${error.message}\n`)
  context.exit(1)
}
