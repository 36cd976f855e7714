import type { Command } from 'commander'
import { writeFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { DEFAULT_COLUMNS, NUMBERS, readRows, SYMBOLS, type FileRow } from '../adapters/files/observations.js'
import { formats } from '../config/formats.js'
import { loadConfig } from '../config/load.js'
import { createTelemetry } from '../telemetry/telemetry.js'
import type { CellKind } from '../core/network-spec.js'
import type { BacktestProgress } from '../ports/control/backtests.js'
import { backtest } from './backtest/backtest.js'
import { networksOf, retrainEveryOf, type RetrainEvery } from './backtest/configuration.js'
import { reportPage } from './backtest/html/page.js'
import { scoresText } from './backtest/text.js'
import { shareBelow1, wholeNumber } from './cell-options.js'
import { commandLine } from './command-line.js'
import { assignment } from './config-options.js'
import type { CliContext } from './context.js'
import { intervalOption, covariatesOption, seasonOption, type GridOptions } from './grid-options.js'
import { ProgressBar } from './progress-bar.js'

interface Options extends GridOptions {
  readonly data: string
  readonly horizon: number
  readonly test: number
  readonly stride: number
  readonly compare?: readonly CellKind[]
  readonly retrainEvery?: RetrainEvery
  readonly out?: string
  readonly html?: string
  readonly covariates?: readonly string[]
  readonly futureCovariates?: readonly string[]
  readonly set?: Readonly<Record<string, string>>
  readonly json?: true
}

export function registerBacktest(program: Command, context: CliContext): void {
  program
    .command('backtest')
    .description("train on a file's past, forecast the rest of it record by record, and score that")
    .requiredOption(
      '--data <file>',
      'CSV (header series,ts,value) or NDJSON, .gz if so named; texts as values with --set kind=symbols',
    )
    .addOption(intervalOption())
    .option('--horizon <steps>', 'steps ahead', wholeNumber(1, 1000), 24)
    .addOption(seasonOption())
    .option(
      '--test <share>',
      "share of each series' end that is forecast and never trained on",
      shareBelow1,
      0.2,
    )
    .option('--stride <n>', 'score every n-th origin', wholeNumber(1), 1)
    .addOption(
      covariatesOption(
        '--covariates <names>',
        'further columns that networks read, with commas between them',
      ),
    )
    .addOption(
      covariatesOption(
        '--future-covariates <names>',
        'those of them that are known ahead: as the file has them, so the best that a forecast of them could do',
      ),
    )
    .option(
      '--compare <models>',
      'train several networks and score them side by side, such as gru,lstm,rnn; the baseline is always there',
      networksOf,
    )
    .option(
      '--retrain-every <duration>',
      'retrain as the stream goes, each time so much of its time has passed, such as 28d, or so many steps; as in the daemon, never before training.minNew steps are newer than the network, and what does not pass the gate is not used',
      retrainEveryOf,
    )
    .option('--out <file>', 'write the scored forecasts of the first network there, one JSON line each')
    .option('--html <file>', 'write the report there as one page, with charts, for a browser')
    .option(
      '--set <key=value>',
      'set a key of the pipeline, such as model.hidden=32 (docs/configuration.md lists them); repeatable',
      assignment,
    )
    .option('--json', 'print the whole report as JSON')
    .action((options: Options, command: Command) => run(options, command, context))
}

async function run(options: Options, command: Command, context: CliContext): Promise<void> {
  if (options.compare !== undefined && options.set?.['model.cell'] !== undefined) {
    throw new Error('--compare names the cells: leave out --set model.cell')
  }
  const symbols = options.set?.['kind'] === 'symbols'
  if (symbols) refuseGrid(command)
  const grid = {
    interval: formats.interval.print?.(options.interval),
    season: options.season,
    horizon: options.horizon,
  }
  const { covariates = [], futureCovariates: names = [] } = options
  const ahead = names.length === 0 ? {} : { futureCovariates: { topic: 'data.covariates', names } }
  const pipeline = {
    topic: 'data',
    ...(symbols ? {} : grid),
    covariates,
    ...ahead,
    training: { enabled: false },
  }
  const overrides = Object.fromEntries(
    Object.entries(options.set ?? {}).map(([key, value]) => [`pipelines.network.${key}`, value]),
  )
  const config = loadConfig({
    files: [],
    text: JSON.stringify({ pipelines: { network: pipeline } }),
    env: context.env,
    overrides,
  })
  const rows: FileRow[] = []
  const numbers = { ...NUMBERS, expected: `${NUMBERS.expected}; texts take --set kind=symbols` }
  const values = symbols ? SYMBOLS : numbers
  const columns = covariates.length === 0 ? DEFAULT_COLUMNS : { ...DEFAULT_COLUMNS, covariates }
  for await (const chunk of readRows<number | string>(resolve(context.cwd, options.data), values, columns))
    rows.push(...chunk)
  const progress = new PhaseBars(context)
  const report = await backtest({
    rows,
    config,
    networks: options.compare ?? [config.pipelines[0]!.model.cell],
    test: options.test,
    stride: options.stride,
    retrainEvery: options.retrainEvery ?? null,
    ...(options.out === undefined ? {} : { out: resolve(context.cwd, options.out) }),
    pid: context.pid,
    env: context.env,
    telemetry: createTelemetry({
      level: 'error',
      format: 'json',
      destination: context.stderr,
      version: context.version,
    }),
    signal: context.signal,
    onProgress: (now, detail) => progress.show(now, detail),
  })
  progress.done()
  if (options.html !== undefined) {
    const file = resolve(context.cwd, options.html)
    const name = basename(options.data).replace(/(\.(csv|ndjson|jsonl|json))?(\.gz)?$/, '')
    await writeFile(
      file,
      reportPage(report, {
        name,
        command: commandLine(['tidecast', ...context.args]),
        version: context.version,
      }),
    )
    context.stderr.write(`${file}\n`)
  }
  context.stdout.write(options.json === true ? `${JSON.stringify(report)}\n` : scoresText(report))
}

/** A bar for each phase, and how long it will take. */
class PhaseBars {
  private bar: ProgressBar | undefined
  private phase = -1

  constructor(private readonly context: CliContext) {}

  show({ phase, model, share, etaSeconds, done, phases }: BacktestProgress, detail: string): void {
    if (done !== this.phase) {
      this.done()
      this.bar = new ProgressBar(this.context, `${done}/${phases - 1} ${phase} ${model ?? ''}`.padEnd(22))
    }
    this.phase = done
    const left = etaSeconds === null ? '' : `${etaSeconds.toFixed(0)} s to go`
    this.bar!.show(share, [detail, left].filter((text) => text !== '').join(', '))
  }

  done(): void {
    this.bar?.done('')
    this.bar = undefined
  }
}

/** Every symbol is a step, and it is the next one that is forecast. */
function refuseGrid(command: Command): void {
  const given = ['interval', 'season', 'horizon'].filter(
    (name) => command.getOptionValueSource(name) === 'cli',
  )
  if (given.length === 0) return
  const named = given.map((name) => `--${name}`).join(', ')
  throw new Error(
    `${named}: symbols have no grid, no season and a horizon of 1; leave out what says otherwise`,
  )
}
