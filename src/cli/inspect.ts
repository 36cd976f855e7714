import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { Config, PipelineConfig } from '../config/types.js'
import { parseTimestamp } from '../core/timestamp.js'
import { MOST_SAMPLED, type SampleRequest } from '../ports/control.js'
import { positiveNumber, wholeNumber } from './cell-options.js'
import { addConfigOptions, configFrom, type ConfigOptions } from './config-options.js'
import type { CliContext } from './context.js'
import { forecastChart } from './inspect/chart.js'
import { observedAround, targetTimes } from './inspect/observed.js'
import { sample } from './inspect/sample.js'
import { continuationText, inspectionText } from './inspect/text.js'
import { accuracyOf } from './inspect/accuracy.js'
import { inspect } from './inspect/inspect.js'
import { openRegistry, registryPlace } from './registry.js'
import { pipelineNamed, withLog } from './with-log.js'

interface Options extends ConfigOptions {
  readonly json?: true
  readonly chart?: string
  readonly origin?: string
  readonly sample?: number
  readonly temperature: number
  readonly seed: number
}

export function registerInspect(program: Command, context: CliContext): void {
  const command = program
    .command('inspect')
    .description(
      "a pipeline's topics, how far it has consumed them, its champion, and a series' latest forecast and scores",
    )
    .argument('<pipeline>', 'its name in the configuration')
    .argument(
      '[series]',
      'show the latest forecast of this series and, while a daemon is at work on it, its rolling scores',
    )
    .option('--origin <time>', 'of the forecasts, take the one made at this time stamp')
    .option('--chart <file>', 'draw that forecast over the observations, as SVG')
    .option(
      '--sample <n>',
      'draw so many symbols that the series may go on with, from the state it has now; nothing is changed',
      wholeNumber(1, MOST_SAMPLED),
    )
    .option('--temperature <t>', 'below 1 the likelier ones are drawn yet more often', positiveNumber, 1)
    .option('--seed <n>', 'start of the random numbers', wholeNumber(0, 2 ** 32 - 1), 1)
    .option('--json', 'print it as JSON')
  addConfigOptions(command).action(async (name: string, series: string | undefined, options: Options) => {
    const config = configFrom(options, context)
    const pipeline = pipelineNamed(config, name)
    const origin = options.origin === undefined ? undefined : parseTimestamp(options.origin)
    if (origin !== undefined && !Number.isFinite(origin))
      throw new Error('--origin takes an ISO 8601 time stamp')
    if (options.sample !== undefined) {
      await runSample(config, pipeline, series, { ...options, length: options.sample }, context)
      return
    }
    if (options.chart !== undefined && pipeline.kind === 'symbols')
      throw new Error(`--chart draws numbers, and pipeline "${name}" is of kind "symbols"`)
    const registry = openRegistry(registryPlace(config.schemaRegistry))
    const inspection = await withLog(config, context, async (broker, place) => {
      const found = await inspect(broker, place, pipeline, registry, series, origin)
      if (options.chart !== undefined && found.forecast !== null) {
        const observed = await observedAround(broker, pipeline, found.forecast, registry)
        const targets = targetTimes(found.forecast, pipeline.interval, observed)
        await writeFile(resolve(context.cwd, options.chart), forecastChart(found.forecast, targets, observed))
      }
      return series === undefined ? found : { ...found, accuracy: await accuracyOf(config, name, series) }
    })
    const json = options.json === true
    context.stdout.write(json ? `${JSON.stringify(inspection)}\n` : inspectionText(inspection, series))
    if (series !== undefined && inspection.forecast === null) context.exit(1)
  })
}

async function runSample(
  config: Config,
  pipeline: PipelineConfig,
  series: string | undefined,
  options: Options & SampleRequest,
  context: CliContext,
): Promise<void> {
  const { name, kind } = pipeline
  if (kind !== 'symbols') {
    throw new Error(`--sample draws symbols, and pipeline "${name}" is of kind "${kind}"`)
  }
  if (series === undefined) throw new Error('--sample goes on from a series: name it after the pipeline')
  const found = await sample(config, pipeline, series, options, context)
  const nothing = `Nothing is known of series "${series}".\n`
  if (options.json === true) context.stdout.write(`${JSON.stringify(found)}\n`)
  else context.stdout.write(found === null ? nothing : continuationText(found))
  if (found === null) context.exit(1)
}
