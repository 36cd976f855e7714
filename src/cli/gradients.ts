import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Option, type Command } from 'commander'
import { CELLS, type Activation, type CellKind } from '../core/network-spec.js'
import { activationOption, wholeNumber } from './cell-options.js'
import type { CliContext } from './context.js'
import type { Profile, ProfileOptions } from './gradients/profiles.js'
import { profileSvg } from './gradients/svg.js'
import { runWorker } from './run-worker.js'
import { table } from './table.js'

interface Options {
  readonly cell?: CellKind
  readonly activation: Activation
  readonly lags: number
  readonly seed: number
  readonly json?: true
  readonly svg?: string
}

export function registerGradients(program: Command, context: CliContext): void {
  program
    .command('gradients')
    .description(
      'how much of a gradient each cell passes back over k steps: what vanishes, explodes, or lasts',
    )
    .addOption(new Option('--cell <kind>', 'one cell only (default: all)').choices(CELLS))
    .addOption(activationOption())
    .option('--lags <k>', 'how many steps back gradients are followed', wholeNumber(1), 100)
    .option('--seed <n>', 'start of the random numbers', wholeNumber(0), 1)
    .option('--json', 'print every lag as JSON')
    .option('--svg <file>', 'draw the profiles there')
    .action((options: Options) => run(options, context))
}

async function run(options: Options, context: CliContext): Promise<void> {
  const { cell, activation, lags, seed } = options
  const job: ProfileOptions = { cells: cell === undefined ? CELLS : [cell], activation, lags, seed }
  let profiles: readonly Profile[] = []
  const worker = new URL('./gradients/gradients-worker.js', import.meta.url)
  await runWorker(worker, job, context.signal, (message) => {
    profiles = message as readonly Profile[]
  })
  if (profiles.length === 0) throw new Error('the measurement ended without a result')
  if (options.svg !== undefined) writeFileSync(resolve(context.cwd, options.svg), profileSvg(profiles))
  context.stdout.write(
    options.json === true ? `${JSON.stringify({ lags, seed, profiles })}\n` : listing(profiles, lags),
  )
}

function listing(profiles: readonly Profile[], lags: number): string {
  const shown = [1, 2, 5, 10, 20, 50, 100, 200, 500].filter((lag) => lag < lags)
  const columns = [...shown, lags]
  const rows = profiles.map(({ name, norms }) => [
    name,
    ...columns.map((lag) => norms[lag]!.toExponential(1)),
  ])
  return table(['LAG', ...columns.map(String)], rows)
}
