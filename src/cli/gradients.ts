import { access, constants } from 'node:fs/promises'
import { writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { CELLS, type Activation, type CellKind } from '../core/network-spec.js'
import { activationOption, wholeNumber } from './cell-options.js'
import { addConfigOptions, type ConfigOptions } from './config-options.js'
import type { CliContext } from './context.js'
import type { GradientsJob, Profile } from './gradients/protocol.js'
import { fileData, storedNetwork } from './gradients/source.js'
import { profileSvg } from './gradients/svg.js'
import { intervalOption, seasonOption, type GridOptions } from './grid-options.js'
import { runWorker } from './run-worker.js'
import { table } from './table.js'

interface Options extends ConfigOptions, GridOptions {
  readonly cell?: CellKind
  readonly activation: Activation
  readonly radius: readonly number[]
  readonly data?: string
  readonly model?: string
  readonly lags: number
  readonly seed: number
  readonly json?: true
  readonly svg?: string
}

export function registerGradients(program: Command, context: CliContext): void {
  const command = program
    .command('gradients')
    .description('how much of a gradient is passed back over k steps: what vanishes, explodes, or lasts')
    .addOption(new Option('--cell <kind>', 'one cell only (default: all)').choices(CELLS))
    .addOption(activationOption())
    .option(
      '--radius <list>',
      "spectral radii of the fresh vanilla cell's recurrent weights",
      radii,
      [0.8, 1, 1.5],
    )
    .option(
      '--data <file>',
      'measure whole networks on its series: CSV (series,ts,value) or NDJSON, .gz if so named',
    )
    .addOption(intervalOption())
    .addOption(seasonOption())
    .option(
      '--model <pipeline[@version]>',
      "a stored network (default: the champion), on --data or its pipeline's topic",
    )
    .option('--lags <k>', 'how many steps back gradients are followed', wholeNumber(1, 1000), 100)
    .option('--seed <n>', 'start of the random numbers', wholeNumber(0), 1)
    .option('--json', 'print every lag as JSON')
    .option('--svg <file>', 'draw the profiles there')
  addConfigOptions(command)
    .addHelpText('after', HELP)
    .action((options: Options) => run(options, context))
}

const HELP = `
Without --data and --model: fresh cells of 32 units on small random inputs. With --data: a fresh network of each cell, as
a training would start with it, on the file's series (--interval, --season). With --model: a trained network, on the grid
of its pipeline (--config, --set). A row is the norm of the derivative of the state by that k steps before, relative to
k = 0; "loss" is that of the forecasts' loss.`

async function run(options: Options, context: CliContext): Promise<void> {
  const { lags, seed, svg } = options
  const target = svg === undefined ? undefined : resolve(context.cwd, svg)
  if (target !== undefined) await access(dirname(target), constants.W_OK) // not only after the measurement
  const job = await jobOf(options, context)
  let profiles: readonly Profile[] = []
  const worker = new URL('./gradients/gradients-worker.js', import.meta.url)
  await runWorker(worker, job, context.signal, (message) => {
    profiles = message as readonly Profile[]
  })
  if (profiles.length === 0) throw new Error('the measurement ended without a result')
  if (target !== undefined) writeFileSync(target, profileSvg(profiles))
  context.stdout.write(
    options.json === true ? `${JSON.stringify({ lags, seed, profiles })}\n` : listing(profiles, lags),
  )
}

async function jobOf(options: Options, context: CliContext): Promise<GradientsJob> {
  const { cell, activation, radius, lags, seed, data, model } = options
  const common = { cells: cell === undefined ? CELLS : [cell], activation, radii: radius, lags, seed }
  if (model !== undefined) {
    if (cell !== undefined)
      throw new Error('--cell is for fresh networks: --model has the cell it was trained with')
    return { ...common, kind: 'stored', ...(await storedNetwork(model, data, options, context)) }
  }
  if (options.config !== undefined || options.set !== undefined)
    throw new Error('--config and --set are for --model: they say where it is stored')
  if (data !== undefined) return { ...common, kind: 'networks', data: await fileData(data, options, context) }
  return { ...common, kind: 'cells' }
}

function radii(text: string): number[] {
  const values = text.split(',').map(Number)
  if (values.every((value) => value > 0 && value <= 10)) return values
  throw new InvalidArgumentError('Expected numbers above 0, up to 10, such as 0.8,1,1.5.')
}

function listing(profiles: readonly Profile[], lags: number): string {
  const shown = [1, 2, 5, 10, 20, 50, 100, 200, 500].filter((lag) => lag < lags)
  const columns = [...shown, lags]
  const row = (name: string, norms: readonly number[]): string[] => [
    name,
    ...columns.map((lag) => norms[lag]!.toExponential(1)),
  ]
  const rows = profiles.flatMap(({ name, norms, loss }) => [
    row(name, norms),
    ...(loss === null ? [] : [row(`${name}, loss`, loss)]),
  ])
  return table(['LAG', ...columns.map(String)], rows)
}
