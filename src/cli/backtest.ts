import type { Command } from 'commander'
import { resolve } from 'node:path'
import { NUMBERS, readRows, SYMBOLS, type FileRow } from '../adapters/files/observations.js'
import { formats } from '../config/formats.js'
import { loadConfig } from '../config/load.js'
import { createTelemetry } from '../telemetry/telemetry.js'
import { backtest, type BacktestResult } from './backtest/backtest.js'
import type { BacktestScores } from './backtest/score.js'
import type { SymbolScores } from './backtest/score-symbols.js'
import { shareBelow1, wholeNumber } from './cell-options.js'
import { assignment } from './config-options.js'
import type { CliContext } from './context.js'
import { intervalOption, seasonOption, type GridOptions } from './grid-options.js'
import { ProgressBar } from './progress-bar.js'

interface Options extends GridOptions {
  readonly data: string
  readonly horizon: number
  readonly test: number
  readonly stride: number
  readonly out?: string
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
    .option('--out <file>', 'write the scored forecasts there, one JSON line each')
    .option(
      '--set <key=value>',
      'set a key of the pipeline, such as model.hidden=32 (docs/configuration.md lists them); repeatable',
      assignment,
    )
    .option('--json', 'print the result as JSON')
    .action((options: Options, command: Command) => run(options, command, context))
}

async function run(options: Options, command: Command, context: CliContext): Promise<void> {
  const symbols = options.set?.['kind'] === 'symbols'
  if (symbols) refuseGrid(command)
  const grid = {
    interval: formats.interval.print?.(options.interval),
    season: options.season,
    horizon: options.horizon,
  }
  const pipeline = { topic: 'data', ...(symbols ? {} : grid), training: { enabled: false } }
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
  for await (const chunk of readRows<number | string>(resolve(context.cwd, options.data), values))
    rows.push(...chunk)
  const training = new ProgressBar(context, 'training ')
  const streaming = new ProgressBar(context, 'streaming')
  let trained = false
  const result = await backtest({
    rows,
    config,
    test: options.test,
    stride: options.stride,
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
    onTraining: ({ update, updates, loss, etaSeconds }) => {
      training.show(update / updates, `loss ${loss.toFixed(4)}, ${etaSeconds.toFixed(0)} s to go`)
    },
    onStream: (records, total) => {
      if (!trained) training.done('')
      trained = true
      streaming.show(records / total, `${String(records)} of ${String(total)} records`)
    },
  })
  streaming.done('')
  context.stdout.write(options.json === true ? `${JSON.stringify(result)}\n` : table(result))
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

function table({ network, baseline, ...run }: BacktestResult<BacktestScores | SymbolScores>): string {
  if ('logLoss' in network) return symbolTable({ ...run, network, baseline: baseline as SymbolScores })
  return numberTable({ ...run, network, baseline: baseline as BacktestScores })
}

function symbolTable({ network, baseline, ...run }: BacktestResult<SymbolScores>): string {
  const row = (name: string, s: SymbolScores): string =>
    `${name.padEnd(10)}${s.logLoss.toFixed(4).padStart(9)}${s.accuracy.toFixed(3).padStart(10)}\n`
  return (
    `${''.padEnd(10)}${'log-loss'.padStart(9)}${'accuracy'.padStart(10)}\n` +
    row('network', network) +
    row('baseline', baseline) +
    `${String(network.series)} series, ${String(network.targets)} symbols; ${effort(run)}`
  )
}

function effort({ training, streamSeconds }: Pick<BacktestResult, 'training' | 'streamSeconds'>): string {
  const trained = `trained ${String(training.updates)} updates in ${training.seconds.toFixed(0)} s`
  return `${trained}; streamed in ${streamSeconds.toFixed(0)} s\n`
}

function numberTable({ network, baseline, ...run }: BacktestResult): string {
  const row = (name: string, s: BacktestResult['network']): string =>
    `${name.padEnd(10)}${s.mase.toFixed(4).padStart(8)}${s.wql.toFixed(4).padStart(9)}${s.coverage.toFixed(3).padStart(10)}\n`
  return (
    `${''.padEnd(10)}${'MASE'.padStart(8)}${'WQL'.padStart(9)}${'coverage'.padStart(10)}\n` +
    row('network', network) +
    row('baseline', baseline) +
    `${String(network.series)} series, ${String(network.origins)} origins; ${effort(run)}`
  )
}
