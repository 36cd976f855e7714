import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { ConfigError } from '../config/error.js'
import { formatOf } from '../config/load.js'
import { describePlan } from '../config/plan.js'
import type { PlanReport } from '../ports/control/config.js'
import { addConfigOptions, configFrom, type ConfigOptions } from './config-options.js'
import type { CliContext } from './context.js'
import { DaemonClient } from './http/daemon-client.js'

type Options = ConfigOptions & { readonly json?: true }

/** `tidecast config plan`: what the running daemon would do, asked of itself. */
export function registerPlan(config: Command, context: CliContext): void {
  const command = config
    .command('plan')
    .description('what the running daemon would do on a reload; changes nothing')
    .argument(
      '[file]',
      "plan with this file in place of the daemon's own (default: its own, as they are now)",
    )
    .option('--json', 'print the plan as JSON')
  addConfigOptions(command).action((file: string | undefined, options: Options) =>
    plan(file, options, context),
  )
}

async function plan(file: string | undefined, options: Options, context: CliContext): Promise<void> {
  try {
    const running = configFrom(options, context)
    const client = await DaemonClient.of(running, resolve(context.cwd, running.dataDir))
    const text = file === undefined ? '' : await readFile(resolve(context.cwd, file), 'utf8')
    const type = file !== undefined && formatOf(file) === 'yaml' ? 'application/yaml' : 'application/json5'
    const report = (await client.send('/api/v1/config/plan', text, type)) as PlanReport
    const lines = report.changes.length === 0 ? ['nothing would change'] : describePlan(report)
    context.stdout.write(
      options.json === true ? `${JSON.stringify(report, null, 2)}\n` : `${lines.join('\n')}\n`,
    )
    if (!report.possible) context.exit(1)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    context.stderr.write(`${error.message}\n`)
    context.exit(1)
  }
}
