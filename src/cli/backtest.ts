import type { Command } from 'commander'
import { resolve } from 'node:path'
import { readObservations, type FileObservation } from '../adapters/files/observations.js'
import { formats } from '../config/formats.js'
import { loadConfig } from '../config/load.js'
import { createTelemetry } from '../telemetry/telemetry.js'
import { backtest, type BacktestResult } from './backtest/backtest.js'
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
    .requiredOption('--data <file>', 'CSV (header series,ts,value) or NDJSON, .gz if so named')
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
    .action((options: Options) => run(options, context))
}

async function run(options: Options, context: CliContext): Promise<void> {
  if (options.set?.['kind'] === 'symbols') {
    throw new Error(
      'backtest scores forecasts of numbers. A network of symbols is scored by its training, on data it had not seen: ' +
        'feed the daemon, then `tidecast models show <pipeline>`',
    )
  }
  const pipeline = {
    topic: 'data',
    interval: formats.interval.print?.(options.interval),
    season: options.season,
    horizon: options.horizon,
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
  const rows: FileObservation[] = []
  for await (const chunk of readObservations(resolve(context.cwd, options.data))) rows.push(...chunk)
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

function table({ network, baseline, training, streamSeconds }: BacktestResult): string {
  const row = (name: string, s: BacktestResult['network']): string =>
    `${name.padEnd(10)}${s.mase.toFixed(4).padStart(8)}${s.wql.toFixed(4).padStart(9)}${s.coverage.toFixed(3).padStart(10)}\n`
  return (
    `${''.padEnd(10)}${'MASE'.padStart(8)}${'WQL'.padStart(9)}${'coverage'.padStart(10)}\n` +
    row('network', network) +
    row('baseline', baseline) +
    `${String(network.series)} series, ${String(network.origins)} origins; trained ${String(training.updates)} updates in ` +
    `${training.seconds.toFixed(0)} s; streamed in ${streamSeconds.toFixed(0)} s\n`
  )
}
