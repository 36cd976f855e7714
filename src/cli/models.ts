import { readFile, stat, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import type { Config, PipelineConfig } from '../config/types.js'
import { prunable } from '../core/retention.js'
import { MOST_FILE_BYTES, type ModelVersion, type RollbackTarget } from '../ports/control/models.js'
import type { StoredModel } from '../ports/model-store.js'
import { addConfigOptions, configFrom, type ConfigOptions } from './config-options.js'
import type { CliContext } from './context.js'
import { withDesk, withModels, type Office } from './models/access.js'
import { comparison, description, differencesOf, listing, weightChanges } from './models/text.js'
import { pipelineNamed, withLog } from './with-log.js'

type Options = ConfigOptions & { readonly json?: true }
type Changing = Options & { readonly reason: string }

export function registerModels(program: Command, context: CliContext): void {
  const models = program
    .command('models')
    .description('the trained networks: look at them, choose which one forecasts, take them elsewhere')
  const command = (usage: string, text: string): Command =>
    addConfigOptions(models.command(usage).description(text)).option('--json', 'print the outcome as JSON')
  const PIPELINE = ['<pipeline>', 'its name in the configuration'] as const
  const VERSION = ['<version>', 'number of the version, such as 3 or gru@3', versionNumber] as const
  const NOTE = ['--reason <text>', 'a note for the decisions', ''] as const

  command('list', 'list the versions of one pipeline, or of all')
    .argument('[pipeline]', 'its name in the configuration')
    .action((pipeline: string | undefined, options: Options) => list(pipeline, options, context))
  command('show', 'show one version: the champion if none is named')
    .argument(...PIPELINE)
    .argument('[version]', 'number of the version, such as 3 or gru@3', versionNumber)
    .action((pipeline: string, version: number | undefined, options: Options) =>
      show(pipeline, version, options, context),
    )
  command('diff', 'how two versions differ: configuration, training, scores, weights')
    .argument(...PIPELINE)
    .argument('<one>', 'number of a version', versionNumber)
    .argument('<other>', 'number of another', versionNumber)
    .action((pipeline: string, one: number, other: number, options: Options) =>
      diff(pipeline, one, other, options, context),
    )
  command('promote', 'have a version forecast, whatever it scored; without a daemon, from the next start on')
    .argument(...PIPELINE)
    .argument(...VERSION)
    .option(...NOTE)
    .action((pipeline: string, version: number, options: Changing) =>
      change(pipeline, options, context, (access) => access.promote(version, options.reason)),
    )
  command('rollback', 'go back to the champion before the present one, weights and states')
    .argument(...PIPELINE)
    .option('--to <version>', 'to another one: its number, or "baseline"', target)
    .option(...NOTE)
    .action((pipeline: string, options: Changing & { readonly to?: RollbackTarget }) =>
      change(pipeline, options, context, (access) => access.rollback(options.to, options.reason)),
    )
  command('export', 'write a version into a file')
    .argument(...PIPELINE)
    .argument(...VERSION)
    .argument('[file]', 'default: <pipeline>-<cell>-<version>.model; one that exists is not overwritten')
    .action((pipeline: string, version: number, file: string | undefined, options: Options) =>
      exportModel(pipeline, version, file, options, context),
    )
  command('import', 'store the version in a file as a new one; it forecasts once it is promoted')
    .argument(...PIPELINE)
    .argument('<file>', 'written by "models export"')
    .action((pipeline: string, file: string, options: Options) =>
      importModel(pipeline, file, options, context),
    )
  command(
    'prune',
    'remove old versions, but for the champion, what it was trained from, and the champion before it',
  )
    .argument(...PIPELINE)
    .option('--keep <n>', 'newest versions that stay (default: models.keep)', versionNumber)
    .option('--dry-run', 'only say which ones')
    .action((pipeline: string, options: Pruning) => prune(pipeline, options, context))
}

interface Pruning extends Options {
  readonly keep?: number
  readonly dryRun?: true
}

function versionNumber(text: string): number {
  const version = Number(text.replace(/^(rnn|lstm|gru)@/, ''))
  if (Number.isInteger(version) && version > 0) return version
  throw new InvalidArgumentError('Expected a number such as 3, or gru@3.')
}

function target(text: string): RollbackTarget {
  return text === 'baseline' ? text : versionNumber(text)
}

function configured(
  name: string,
  options: Options,
  context: CliContext,
): { config: Config; pipeline: PipelineConfig } {
  const config = configFrom(options, context)
  return { config, pipeline: pipelineNamed(config, name) }
}

function print(context: CliContext, { json }: Options, value: unknown, text: string): void {
  context.stdout.write(json === true ? `${JSON.stringify(value)}\n` : text)
}

async function list(name: string | undefined, options: Options, context: CliContext): Promise<void> {
  const config = configFrom(options, context)
  const pipelines = name === undefined ? config.pipelines : [pipelineNamed(config, name)]
  const versions: ModelVersion[] = []
  for (const pipeline of pipelines) {
    versions.push(...(await withDesk(config, pipeline, context, (desk) => desk.status().models)))
  }
  print(context, options, { models: versions }, listing(versions))
}

async function show(
  name: string,
  number: number | undefined,
  options: Options,
  context: CliContext,
): Promise<void> {
  const { config, pipeline } = configured(name, options, context)
  const { models } = await withDesk(config, pipeline, context, (desk) => desk.status())
  const version = models.find((one) => (number === undefined ? one.champion : one.version === number))
  if (version === undefined) {
    const which = number === undefined ? 'champion: its baseline forecasts' : `version ${number}`
    const known = models.map((one) => one.version).join(', ')
    throw new Error(`pipeline "${name}" has no ${which}. Versions: ${known || 'none'}`)
  }
  print(context, options, version, description(version))
}

async function diff(
  name: string,
  one: number,
  other: number,
  options: Options,
  context: CliContext,
): Promise<void> {
  const { config } = configured(name, options, context)
  const [a, b] = await withLog(config, context, ({ models }) =>
    [one, other].map((version): StoredModel => {
      const found = models.get(name, version)
      if (found !== null) return found
      const known = models.list(name).map((model) => model.version)
      throw new Error(`pipeline "${name}" has no version ${version}. Versions: ${known.join(', ') || 'none'}`)
    }),
  )
  const differences = differencesOf(a!, b!)
  const weights = weightChanges(a!, b!)
  const value = { pipeline: name, versions: [one, other], differences, weights }
  print(context, options, value, comparison(a!, b!))
}

async function change(
  name: string,
  options: Changing,
  context: CliContext,
  make: (access: Parameters<Parameters<typeof withModels>[3]>[0]) => Promise<Office>,
): Promise<void> {
  const { config, pipeline } = configured(name, options, context)
  const { champion } = await withModels(config, pipeline, context, make)
  const who = champion === null ? 'the baseline' : `${pipeline.model.cell}@${champion}`
  print(context, options, { pipeline: name, champion }, `${name} is forecast by ${who} now.\n`)
}

async function exportModel(
  name: string,
  version: number,
  given: string | undefined,
  options: Options,
  context: CliContext,
): Promise<void> {
  const { config, pipeline } = configured(name, options, context)
  const file = resolve(context.cwd, given ?? `${name}-${pipeline.model.cell}-${version}.model`)
  const bytes = await withDesk(config, pipeline, context, (desk) => desk.export(version))
  await writeFile(file, bytes, { flag: 'wx' }).catch((cause: unknown) => {
    const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
    throw exists ? new Error(`${file} exists already: name another file`, { cause }) : cause
  })
  const value = { pipeline: name, version, file, bytes: bytes.length }
  print(context, options, value, `${file}: ${bytes.length} bytes\n`)
}

async function importModel(name: string, file: string, options: Options, context: CliContext): Promise<void> {
  const { config, pipeline } = configured(name, options, context)
  const path = resolve(context.cwd, file)
  const { size } = await stat(path)
  if (size > MOST_FILE_BYTES) {
    throw new Error(`${path} has ${size} bytes: a model file has at most ${MOST_FILE_BYTES}`)
  }
  const bytes = await readFile(path)
  const stored = await withModels(config, pipeline, context, (access) => access.import(bytes))
  const { version } = stored
  const text = `Stored as version ${version}. It forecasts after "tidecast models promote ${name} ${version}".\n`
  print(context, options, stored, text)
}

async function prune(name: string, options: Pruning, context: CliContext): Promise<void> {
  const { config, pipeline } = configured(name, options, context)
  const { keep = pipeline.models.keep, dryRun = false } = options
  const removed = dryRun
    ? await withLog(config, context, ({ models }) =>
        prunable(models.list(name), models.champion(name), models.formerChampions(name), keep),
      )
    : await withModels(config, pipeline, context, (access) => access.prune(keep))
  const which = removed.length === 0 ? 'No version' : `Versions ${removed.join(', ')}`
  const verb = dryRun ? 'would be removed' : removed.length === 0 ? 'had to be removed' : 'removed'
  print(context, options, { pipeline: name, dryRun, removed }, `${which} ${verb}.\n`)
}
