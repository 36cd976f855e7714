import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { parseTimestamp } from '../core/timestamp.js'
import { addConfigOptions, configFrom, type ConfigOptions } from './config-options.js'
import type { CliContext } from './context.js'
import { forecastChart } from './inspect/chart.js'
import { observedAround, targetTimes } from './inspect/observed.js'
import { inspectionText } from './inspect/text.js'
import { inspect } from './inspect/inspect.js'
import { openRegistry, registryPlace } from './registry.js'
import { pipelineNamed, withLog } from './with-log.js'

type Options = ConfigOptions & { readonly json?: true; readonly chart?: string; readonly origin?: string }

export function registerInspect(program: Command, context: CliContext): void {
  const command = program
    .command('inspect')
    .description(
      "a pipeline's topics, how far it has consumed them, its champion, and a series' latest forecast",
    )
    .argument('<pipeline>', 'its name in the configuration')
    .argument('[series]', 'show the latest forecast of this series')
    .option('--origin <time>', 'of the forecasts, take the one made at this time stamp')
    .option('--chart <file>', 'draw that forecast over the observations, as SVG')
    .option('--json', 'print it as JSON')
  addConfigOptions(command).action(async (name: string, series: string | undefined, options: Options) => {
    const config = configFrom(options, context)
    const pipeline = pipelineNamed(config, name)
    const origin = options.origin === undefined ? undefined : parseTimestamp(options.origin)
    if (origin !== undefined && !Number.isFinite(origin))
      throw new Error('--origin takes an ISO 8601 time stamp')
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
      return found
    })
    const json = options.json === true
    context.stdout.write(json ? `${JSON.stringify(inspection)}\n` : inspectionText(inspection, series))
    if (series !== undefined && inspection.forecast === null) context.exit(1)
  })
}
