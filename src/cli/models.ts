import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import type { GradientReport, ModelStore, Scores, StoredModel } from '../ports/model-store.js'
import { addConfigOptions, configFrom, type ConfigOptions } from './config-options.js'
import type { CliContext } from './context.js'
import { table } from './table.js'
import { pipelineNamed, withLog } from './with-log.js'

type Options = ConfigOptions & { readonly json?: true }

/** A version as it is shown: all but its weights. */
type Version = Omit<StoredModel, 'weights'> & { readonly champion: boolean }

export function registerModels(program: Command, context: CliContext): void {
  const models = program
    .command('models')
    .description('list or show the trained networks, also beside a running daemon')

  addConfigOptions(models.command('list').description('list the versions of one pipeline, or of all'))
    .argument('[pipeline]', 'its name in the configuration')
    .option('--json', 'print them as JSON')
    .action((pipeline: string | undefined, options: Options) => list(pipeline, options, context))

  addConfigOptions(models.command('show').description('show one version: the champion if none is named'))
    .argument('<pipeline>', 'its name in the configuration')
    .argument('[version]', 'number of the version, such as 3 or gru@3', versionNumber)
    .option('--json', 'print it as JSON')
    .action((pipeline: string, version: number | undefined, options: Options) =>
      show(pipeline, version, options, context),
    )
}

function versionNumber(text: string): number {
  const version = Number(text.replace(/^(rnn|lstm|gru)@/, ''))
  if (Number.isInteger(version) && version > 0) return version
  throw new InvalidArgumentError('Expected a number such as 3, or gru@3.')
}

async function list(name: string | undefined, options: Options, context: CliContext): Promise<void> {
  const config = configFrom(options, context)
  const pipelines = name === undefined ? config.pipelines : [pipelineNamed(config, name)]
  const versions = await withLog(config, context, ({ models }) =>
    pipelines.flatMap((pipeline) => versionsOf(models, pipeline.name)),
  )
  context.stdout.write(
    options.json === true ? `${JSON.stringify({ models: versions })}\n` : listing(versions),
  )
}

async function show(
  name: string,
  number: number | undefined,
  options: Options,
  context: CliContext,
): Promise<void> {
  const config = configFrom(options, context)
  const pipeline = pipelineNamed(config, name)
  const versions = await withLog(config, context, ({ models }) => versionsOf(models, pipeline.name))
  const version = versions.find((one) => (number === undefined ? one.champion : one.version === number))
  if (version === undefined) {
    const which = number === undefined ? 'champion: its baseline forecasts' : `version ${number}`
    const known = versions.map((one) => one.version).join(', ')
    throw new Error(`pipeline "${name}" has no ${which}. Versions: ${known || 'none'}`)
  }
  context.stdout.write(options.json === true ? `${JSON.stringify(version)}\n` : description(version))
}

function versionsOf(models: ModelStore, pipeline: string): Version[] {
  const champion = models.champion(pipeline)
  return models.list(pipeline).map((model) => ({ ...model, champion: model.version === champion }))
}

function listing(versions: readonly Version[]): string {
  if (versions.length === 0) return 'No network has been trained yet: the baseline forecasts.\n'
  const rows = versions.map(
    ({ pipeline, version, champion, spec, report, scores: { network, baseline } }) => [
      pipeline,
      `${spec.cell}@${version}${champion ? ' *' : ''}`,
      report.startedAt,
      report.seconds.toFixed(0),
      String(report.updates),
      String(report.observations),
      ...compared(network, baseline, 'mase', 4),
      ...compared(network, baseline, 'wql', 4),
      shown(network.coverage, 3),
      ...compared(network, baseline, 'logLoss', 4),
    ],
  )
  const names = ['PIPELINE', 'MODEL', 'TRAINED', 'SECONDS', 'UPDATES', 'OBSERVATIONS']
  const scores = ['MASE', '(BASELINE)', 'WQL', '(BASELINE)', 'COVERAGE', 'LOG-LOSS', '(BASELINE)']
  return `${table([...names, ...scores], rows, 3)}* champion\n`
}

function compared(network: Scores, baseline: Scores, score: keyof Scores, digits: number): string[] {
  return [network, baseline].map((scores) => shown(scores[score], digits))
}

/** Symbols and numbers have scores of their own. */
function shown(score: number | null | undefined, digits: number): string {
  return Number.isFinite(score) ? Number(score).toFixed(digits) : '–'
}

function description({ version, pipeline, champion, parent, spec, report, scores }: Version): string {
  const { network, baseline } = scores
  const about = Object.entries({
    model: `${spec.cell}@${version} of pipeline ${pipeline}${champion ? ', champion' : ''}`,
    parent: parent === null ? 'none' : `version ${parent}`,
    trained: `${report.startedAt}, ${report.seconds.toFixed(1)} s on ${report.backend}`,
    data: `${report.observations} observations of ${report.series} series, ${day(report.from)} to ${day(report.to)}`,
    training: `${report.updates} updates, ${(report.clippedShare * 100).toFixed(1)} % clipped`,
    ...(report.gradients === undefined ? {} : gradientLines(report.gradients)),
    validation: `loss ${report.validationLoss.toFixed(5)}`,
    network: JSON.stringify(spec),
  }).map(([name, value]) => `${name.padEnd(11)} ${value}\n`)
  const row = (name: string, { mase, wql, coverage, logLoss, accuracy, targets }: Scores): string[] =>
    logLoss === undefined
      ? [name, shown(mase, 4), shown(wql, 4), shown(coverage, 3), String(targets)]
      : [name, shown(logLoss, 4), shown(accuracy, 3), String(targets)]
  const names = network.logLoss === undefined ? ['MASE', 'WQL', 'COVERAGE'] : ['LOG-LOSS', 'ACCURACY']
  const scored = table(
    ['HELD OUT', ...names, 'TARGETS'],
    [row('network', network), row('baseline', baseline)],
  )
  return `${about.join('')}\n${scored}`
}

/** How gradients fared, and what to change where they did not. */
function gradientLines(gradients: GradientReport): Record<string, string> {
  const { norm, clipNorm, saturated, dead, reach, flow, advice, cost } = gradients
  const measured = [
    reach === null
      ? `more than 1 % left after ${flow.at(-1)![0]} steps`
      : `1 % left after ${reach.toFixed(0)} steps`,
    ...(saturated === null ? [] : [`${(saturated * 100).toFixed(1)} % of activations saturated`]),
    ...(dead === null ? [] : [`${(dead * 100).toFixed(1)} % of ReLU units dead`]),
  ]
  return {
    gradients: `norm ${norm.median.toPrecision(3)} (median), ${norm.largest.toPrecision(3)} (largest), clipped at ${clipNorm}`,
    flow: `${measured.join(', ')}; measured in ${(cost * 100).toFixed(1)} % of the time`,
    ...(advice.length === 0 ? {} : { advice: advice.join(`\n${' '.repeat(12)}`) }),
  }
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16)
}
