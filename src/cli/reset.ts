import { InvalidArgumentError, type Command } from 'commander'
import { parseStart, START_FORMS } from '../config/start-position.js'
import { consumerGroup } from '../core/consumer-group.js'
import { reset, type ResetPlace } from '../pipeline/reset.js'
import { systemClock } from '../ports/clock.js'
import { addConfigOptions, configFrom, type ConfigOptions } from './config-options.js'
import type { CliContext } from './context.js'
import { table } from './table.js'
import { pipelineNamed, withOwnLog } from './with-log.js'

interface Options extends ConfigOptions {
  readonly to: ResetPlace
  readonly partition?: number
  readonly dryRun?: true
  readonly json?: true
}

export function registerReset(program: Command, context: CliContext): void {
  const command = program
    .command('reset')
    .argument('<pipeline>')
    .description(
      'take a pipeline back to an earlier place in its input, while none of its daemons runs; forecasts that it then ' +
        'publishes once more have the header tidecast-repeat',
    )
    .requiredOption(
      '--to <place>',
      '"earliest", an ISO 8601 time stamp, a duration back from now ("7d"), or the offset of a --partition',
      place,
    )
    .option('--partition <number>', 'only this partition (default: all)', wholeNumber)
    .option('--dry-run', 'only say which offsets that is')
    .option('--json', 'print the outcome as JSON')
  addConfigOptions(command).action((name: string, options: Options) => run(name, options, context))
}

function place(text: string): ResetPlace {
  if (/^\d+$/.test(text)) return { offset: wholeNumber(text) }
  const position = parseStart(text)
  if (position === undefined) throw new InvalidArgumentError(`Expected ${START_FORMS}, or an offset.`)
  if (position === 'latest') throw new InvalidArgumentError('A reset goes back: nothing is passed over.')
  return position
}

function wholeNumber(text: string): number {
  const number = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number)) {
    throw new InvalidArgumentError('Expected a whole number from 0.')
  }
  return number
}

async function run(name: string, options: Options, context: CliContext): Promise<void> {
  const config = configFrom(options, context)
  const pipeline = pipelineNamed(config, name)
  const { dryRun = false, json = false, to, partition } = options
  if (typeof to === 'object' && partition === undefined) {
    throw new Error(`offset ${to.offset} is a place in one partition: say which with --partition`)
  }
  const partitions = await withOwnLog(config, context, async (broker) => {
    // On Kafka, joining the group to find out would take partitions from those at work.
    const members = broker.kind === 'kafka' ? await broker.members(consumerGroup(name), pipeline.topic) : []
    if (members.length > 0) {
      throw new Error(`${members.length} processes are at work on pipeline "${name}": stop them first`)
    }
    return reset(broker, pipeline, to, systemClock.now(), dryRun, partition)
  })
  if (json) {
    context.stdout.write(`${JSON.stringify({ pipeline: name, topic: pipeline.topic, dryRun, partitions })}\n`)
    return
  }
  const rows = partitions.map(({ partition, from, to }) => [partition, from, to].map(String))
  const note = dryRun ? 'Nothing was changed.' : 'Start the daemon: it rebuilds its states first.'
  context.stdout.write(`${table(['PARTITION', 'FROM', 'TO'], rows, 0)}${note}\n`)
}
