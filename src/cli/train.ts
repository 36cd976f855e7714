import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from 'commander'
import { resolve } from 'node:path'
import type { Config } from '../config/types.js'
import type { LearningStatus } from '../ports/control/learning.js'
import type { Decision, Scores } from '../ports/model-store.js'
import { addConfigOptions, configFrom, type ConfigOptions } from './config-options.js'
import type { CliContext } from './context.js'
import { ProgressBar } from './progress-bar.js'
import { DaemonClient } from './http/daemon-client.js'
import { pipelineNamed } from './with-log.js'

interface Options extends ConfigOptions {
  readonly reason: string
  readonly wait: boolean
  readonly json?: true
}

const LOOK_MS = 1000

export function registerTrain(program: Command, context: CliContext): void {
  const command = program
    .command('train')
    .argument('<pipeline>', 'its name in the configuration')
    .description(
      'have the running daemon train a network now; it takes over only if it beats what forecasts now on data that neither has seen',
    )
    .option('--reason <text>', 'a note for the log', '')
    .option('--no-wait', 'do not wait for the outcome')
    .option('--json', 'print the outcome as JSON')
  addConfigOptions(command).action((name: string, options: Options) => run(name, options, context))
}

async function run(name: string, options: Options, context: CliContext): Promise<void> {
  const config: Config = configFrom(options, context)
  pipelineNamed(config, name)
  const client = await DaemonClient.of(config, resolve(context.cwd, config.dataDir))
  const path = `/api/v1/pipelines/${encodeURIComponent(name)}`
  const known = (await client.get<LearningStatus>(`${path}/learning`)).decisions.at(-1)?.at
  await client.post(`${path}/train`, { reason: options.reason })
  if (!options.wait) {
    context.stdout.write(
      options.json === true ? `${JSON.stringify({ pipeline: name, queued: true })}\n` : 'Queued.\n',
    )
    return
  }
  const decision = await outcome(client, `${path}/learning`, known, context)
  context.stdout.write(
    options.json === true ? `${JSON.stringify({ pipeline: name, ...decision })}\n` : text(decision),
  )
  if (decision.outcome === 'failed') context.exit(1)
}

async function outcome(
  client: DaemonClient,
  path: string,
  known: string | undefined,
  context: CliContext,
): Promise<Decision> {
  const bar = new ProgressBar(context, 'train')
  for (;;) {
    const { progress, text: doing, decisions } = await client.get<LearningStatus>(path)
    const last = decisions.findLast(({ reason }) => reason === 'manual')
    if (last !== undefined && last.at !== known && (known === undefined || last.at > known)) return last
    bar.show(progress === null ? 0 : progress.update / progress.updates, doing)
    await pause(LOOK_MS, undefined, { signal: context.signal })
  }
}

function text({ outcome, version, why, scores, verdict }: Decision): string {
  const lines = [
    `${outcome}${version === null ? '' : `: version ${version}`}${why === null ? '' : `, ${why}`}`,
  ]
  for (const [who, score] of Object.entries<Scores>({ ...scores })) {
    lines.push(
      `${who.padEnd(9)} WQL ${score.wql.toFixed(4)}, MASE ${score.mase.toFixed(3)}, coverage ${score.coverage.toFixed(3)}`,
    )
  }
  for (const { against, days, change, p } of verdict?.comparisons ?? []) {
    const chance = p === null ? '' : `, p = ${p.toFixed(3)}`
    lines.push(`loss ${(100 * change).toFixed(1)} % beside the ${against}'s over ${days} days${chance}`)
  }
  return `${lines.join('\n')}\n`
}
