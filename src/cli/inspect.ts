import type { Command } from 'commander'
import { addConfigOptions, configFrom, type ConfigOptions } from './config-options.js'
import type { CliContext } from './context.js'
import { inspectionText } from './inspect/text.js'
import { inspect } from './inspect/inspect.js'
import { pipelineNamed, withLog } from './with-log.js'

type Options = ConfigOptions & { readonly json?: true }

export function registerInspect(program: Command, context: CliContext): void {
  const command = program
    .command('inspect')
    .description(
      "a pipeline's topics, how far it has consumed them, its champion, and a series' latest forecast",
    )
    .argument('<pipeline>')
    .argument('[series]', 'show the latest forecast of this series')
    .option('--json', 'print it as JSON')
  addConfigOptions(command).action(async (name: string, series: string | undefined, options: Options) => {
    const config = configFrom(options, context)
    const pipeline = pipelineNamed(config, name)
    const inspection = await withLog(config, context, (broker, place) =>
      inspect(broker, place, pipeline, series),
    )
    const json = options.json === true
    context.stdout.write(json ? `${JSON.stringify(inspection)}\n` : inspectionText(inspection, series))
    if (series !== undefined && inspection.forecast === null) context.exit(1)
  })
}
