import { InvalidArgumentError, Option, type Command } from 'commander'
import { REJECT_REASONS, type RejectReason } from '../core/decode.js'
import { redrive, type RedriveReport } from '../pipeline/redrive.js'
import { addConfigOptions, configFrom, type ConfigOptions } from './config-options.js'
import type { CliContext } from './context.js'
import { ProgressBar } from './progress-bar.js'
import { pipelineNamed, withOwnLog } from './with-log.js'

interface Options extends ConfigOptions {
  readonly reason?: readonly RejectReason[]
  readonly truncated?: true
  readonly limit?: number
  readonly dryRun?: true
  readonly json?: true
}

/** Sent again, these would only be rejected again. */
const POINTLESS: readonly RejectReason[] = ['late', 'duplicate']

export function registerRedrive(program: Command, context: CliContext): void {
  const command = program
    .command('redrive')
    .argument('<pipeline>', 'its name in the configuration')
    .description(
      'send dead letters back to the input topic, each once, after what they were rejected for has been put right; on the ' +
        'embedded log while no daemon runs',
    )
    .addOption(
      new Option(
        '--reason <reason...>',
        'only letters rejected for one of these; without it all but late and duplicate',
      ).choices(REJECT_REASONS),
    )
    .option('--truncated', 'also letters that were cut as they were too long: what is sent is not what came')
    .option('--limit <n>', 'at most so many letters', positive)
    .option('--dry-run', 'only count what would be sent')
    .option('--json', 'print the outcome as JSON')
  addConfigOptions(command).action((name: string, options: Options) => run(name, options, context))
}

function positive(text: string): number {
  const count = Number(text)
  if (Number.isSafeInteger(count) && count > 0) return count
  throw new InvalidArgumentError('Expected a whole number from 1 on.')
}

async function run(name: string, options: Options, context: CliContext): Promise<void> {
  const config = configFrom(options, context)
  const pipeline = pipelineNamed(config, name)
  const { reason, truncated = false, limit = Infinity, dryRun = false, json = false } = options
  const bar = new ProgressBar(context, 'redrive')
  const report = await withOwnLog(config, context, (broker) =>
    redrive(broker, pipeline, {
      reasons: reason ?? REJECT_REASONS.filter((one) => !POINTLESS.includes(one)),
      truncated,
      limit,
      dryRun,
      onProgress: (sent, of) => {
        bar.show(sent / of, `${sent} of ${of}`)
      },
      signal: context.signal,
    }),
  )
  const { topic, deadLetter } = pipeline
  context.stdout.write(
    json
      ? `${JSON.stringify({ pipeline: name, topic, deadLetter, dryRun, ...report })}\n`
      : `${summary(report, topic, deadLetter, dryRun)}\n`,
  )
}

function summary(report: RedriveReport, topic: string, deadLetter: string, dryRun: boolean): string {
  const { found, sent, truncated } = report
  const counts = Object.entries(found)
  const total = counts.reduce((sum, [, count]) => sum + count, 0)
  const left =
    truncated === 0
      ? ''
      : ` Left where they are, as they were cut: ${truncated} (--truncated sends those too).`
  if (total === 0)
    return `Nothing to send: no such letter in ${deadLetter} that has not been sent before.${left}`
  const listed = counts.map(([reason, count]) => `${reason} ${count}`).join(', ')
  if (dryRun)
    return `${total} letters of ${deadLetter} would go to ${topic}: ${listed}. Nothing was sent.${left}`
  const rest = sent < total ? ' It was interrupted; the rest goes the next time.' : ''
  return `${sent} of ${total} letters of ${deadLetter} sent to ${topic}: ${listed}.${rest}${left}`
}
