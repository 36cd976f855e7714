import type { Command } from 'commander'
import type { Config } from '../config/types.js'
import { migrate, type Migrated } from '../pipeline/migrate.js'
import { configFrom } from './config-options.js'
import type { CliContext } from './context.js'
import { ProgressBar } from './progress-bar.js'
import { table } from './table.js'
import { pipelineNamed, withOwnLog } from './with-log.js'

interface Options {
  readonly from: readonly string[]
  readonly to: readonly string[]
  readonly pipeline?: readonly string[]
  readonly withLog?: true
  readonly dryRun?: true
  readonly json?: true
}

export function registerMigrate(program: Command, context: CliContext): void {
  program
    .command('migrate')
    .description(
      'take pipelines from the embedded log to Kafka: states, models, and of the input what has not been consumed; while ' +
        'no daemon runs on either, and nobody writes to the input',
    )
    .requiredOption('--from <file...>', 'configuration files with the embedded log')
    .requiredOption('--to <file...>', 'configuration files with Kafka')
    .option('--pipeline <name...>', 'only these; without it all that both configurations have')
    .option('--with-log', 'copy the whole input, so that networks can be trained from it there')
    .option('--dry-run', 'only say what would be done, and what stands in the way')
    .option('--json', 'print the outcome as JSON')
    .action((options: Options) => run(options, context))
}

async function run(options: Options, context: CliContext): Promise<void> {
  const from = configFrom({ config: options.from }, context)
  const to = configFrom({ config: options.to }, context)
  if (from.broker.kind !== 'embedded' || to.broker.kind !== 'kafka') {
    throw new Error(
      `it goes from the embedded log to Kafka: broker.kind is "${from.broker.kind}" in --from, and ` +
        `"${to.broker.kind}" in --to; expected "embedded" and "kafka"`,
    )
  }
  const names = options.pipeline ?? commonTo(from, to)
  const pairs = names.map((name) => ({ source: pipelineNamed(from, name), target: pipelineNamed(to, name) }))
  const { withLog = false, dryRun = false, json = false } = options
  const done = await withOwnLog(from, context, (log) =>
    withOwnLog(to, context, async (kafka) => {
      const all: Migrated[] = []
      for (const { source, target } of pairs) {
        const bar = new ProgressBar(context, source.name)
        const onProgress = (what: string, count: number, of: number): void => {
          bar.show(count / Math.max(1, of), `${count} of ${of} ${what}`)
        }
        const home = { broker: log, config: source }
        all.push(await migrate(home, { broker: kafka, config: target }, { withLog, dryRun, onProgress }))
      }
      return all
    }),
  )
  context.stdout.write(json ? `${JSON.stringify({ dryRun, pipelines: done })}\n` : report(done, dryRun))
}

function commonTo(from: Config, to: Config): string[] {
  const names = from.pipelines.map(({ name }) => name)
  const common = names.filter((name) => to.pipelines.some((pipeline) => pipeline.name === name))
  if (common.length > 0) return common
  throw new Error(`no pipeline of --from (${names.join(', ') || 'it has none'}) is in --to`)
}

function report(pipelines: readonly Migrated[], dryRun: boolean): string {
  const rows = pipelines.map(({ pipeline, partitions, records, states, models, champion }) => [
    pipeline,
    ...[partitions, records, states, models].map(String),
    champion === null ? 'baseline' : `version ${champion}`,
  ])
  const header = ['PIPELINE', 'PARTITIONS', 'RECORDS', 'STATES', 'MODELS', 'CHAMPION']
  return `${table(header, rows, 1)}${dryRun ? 'Nothing was written.' : 'Start the daemon with the configuration of --to.'}\n`
}
