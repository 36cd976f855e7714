import { resolve } from 'node:path'
import type { Command } from 'commander'
import { addConfigOptions, configFrom, type ConfigOptions } from './config-options.js'
import type { CliContext } from './context.js'
import { makeBackup, type BackupOptions } from './backup/make.js'
import { contentsText } from './backup/text.js'
import { ProgressBar } from './progress-bar.js'
import { withLog } from './with-log.js'

type Options = ConfigOptions & { readonly json?: true }

export function registerBackup(program: Command, context: CliContext): void {
  const command = program
    .command('backup')
    .argument('<folder>', 'a new or empty one')
    .description(
      'copy what the daemon keeps in its data directory, as of one moment, while it runs: topics, states, offsets and ' +
        'models of the embedded log; with Kafka, which keeps the topics itself, the copies of states and the models',
    )
    .option('--json', 'print the manifest as JSON')
    .addHelpText(
      'after',
      `
The token and the configuration files are not in it. "tidecast restore" takes it back; what it holds, with checksums,
stands in its manifest.json.`,
    )
  addConfigOptions(command).action((folder: string, options: Options) => run(folder, options, context))
}

async function run(given: string, options: Options, context: CliContext): Promise<void> {
  const config = configFrom(options, context)
  const folder = resolve(context.cwd, given)
  const bar = new ProgressBar(context, 'backup')
  const wanted: BackupOptions = {
    config,
    dataDir: resolve(context.cwd, config.dataDir),
    version: context.version,
    signal: context.signal,
    progress: (share, detail) => {
      bar.show(share, detail)
    },
  }
  const manifest =
    config.broker.kind === 'embedded'
      ? await makeBackup(folder, null, wanted)
      : await withLog(config, context, ({ models }) => makeBackup(folder, models, wanted))
  bar.done('written')
  const text = `${contentsText(manifest)}Take it back with "tidecast restore ${given}".\n`
  context.stdout.write(options.json === true ? `${JSON.stringify({ folder, ...manifest })}\n` : text)
}
