import { resolve } from 'node:path'
import type { Command } from 'commander'
import { configHash } from '../config/values.js'
import { addConfigOptions, configFrom, type ConfigOptions } from './config-options.js'
import type { CliContext } from './context.js'
import { readManifest } from './backup/manifest.js'
import { assertFree, assertWhole, takeBack } from './backup/take-back.js'
import { contentsText } from './backup/text.js'
import { brokerPlace, dataFolder } from './broker.js'
import { ProgressBar } from './progress-bar.js'

interface Options extends ConfigOptions {
  readonly dryRun?: true
  readonly json?: true
}

export function registerRestore(program: Command, context: CliContext): void {
  const command = program
    .command('restore')
    .argument('<folder>', 'what "tidecast backup" has written')
    .description(
      'put a backup into a data directory that has nothing yet, while no daemon runs on it; started then, it goes on where ' +
        'the backup was made',
    )
    .option('--dry-run', 'only check the backup, and whether it could be put there')
    .option('--json', 'print the outcome as JSON')
  addConfigOptions(command).action((folder: string, options: Options) => run(folder, options, context))
}

async function run(given: string, options: Options, context: CliContext): Promise<void> {
  const config = configFrom(options, context)
  const { dryRun = false, json = false } = options
  const folder = resolve(context.cwd, given)
  const manifest = await readManifest(folder)
  const { kind } = config.broker
  if (manifest.kind !== kind) {
    throw new Error(`${folder} is a backup of kind "${manifest.kind}", and broker.kind is "${kind}"`)
  }
  const place = brokerPlace(config, resolve(context.cwd, config.dataDir))
  const target = dataFolder(place)
  const { mapSizeBytes } = place
  await assertFree(target)
  const bar = new ProgressBar(context, 'restore')
  const progress = (share: number, detail: string): void => {
    bar.show(share, detail)
  }
  const wanted = { target, mapSizeBytes, signal: context.signal, progress }
  await assertWhole(folder, manifest, wanted)
  if (!dryRun) await takeBack(folder, manifest, wanted)
  bar.done(dryRun ? 'checked' : 'put back')
  const sameConfiguration = manifest.configuration === configHash(config)
  if (json) {
    context.stdout.write(`${JSON.stringify({ folder, target, dryRun, sameConfiguration, ...manifest })}\n`)
    return
  }
  const differs = sameConfiguration ? '' : 'The configuration is not the one it was made under.\n'
  const note = dryRun
    ? `It is whole, and can be put into ${target}.`
    : `It is in ${target}. Start the daemon.`
  context.stdout.write(`${contentsText(manifest)}${differs}${note}\n`)
}
