import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { InvalidArgumentError, Option, type Command } from 'commander'
import {
  FileFormatError,
  NUMBERS,
  SYMBOLS,
  type FileColumns,
  type ValueReader,
} from '../adapters/files/observations.js'
import type { PipelineConfig } from '../config/types.js'
import { addConfigOptions, configFrom, type ConfigOptions } from './config-options.js'
import type { CliContext } from './context.js'
import { covariatesOption } from './grid-options.js'
import { ReplayError } from './replay/error.js'
import { openTarget } from './replay/open-target.js'
import { systemTimer, type Timer } from './replay/pacer.js'
import { ProgressFile } from './replay/progress-file.js'
import { parseRate, type Rate } from './replay/rate.js'
import { replay, type ReplayOutcome } from './replay/replay.js'
import { ReplayReport } from './replay/report.js'

interface Options extends ConfigOptions {
  readonly topic: string
  readonly rate: Rate
  readonly seriesColumn: string
  readonly tsColumn: string
  readonly valueColumn: string
  readonly covariates?: readonly string[]
  readonly series?: string
  readonly dataDir?: string
  readonly restart?: true
  readonly json?: true
}

/** As a shell reports a program that was interrupted. */
const INTERRUPTED = 130

export function registerReplay(program: Command, context: CliContext, timer = systemTimer): void {
  const command = program
    .command('replay')
    .argument(
      '<file>',
      'CSV with a header, or NDJSON (.ndjson, .jsonl, .json), gzipped where its name ends in .gz',
    )
    .description(
      'append a file of observations to a topic, through the running daemon or, when none runs, straight to its log; ' +
        'what was interrupted goes on where it stopped',
    )
    .requiredOption('--topic <topic>', 'topic to append to; created where missing, if no daemon runs')
    .addOption(
      new Option(
        '--rate <rate>',
        'records per second, "max", or "realtime×60" (also realtimex60): the gaps between time stamps, 60 times shorter',
      )
        .default({ kind: 'max' } satisfies Rate, '"max"')
        .argParser(rate),
    )
    .option('--series-column <name>', 'column or field of the series', 'series')
    .option('--ts-column <name>', 'column or field of the time stamp: ISO 8601 or milliseconds', 'ts')
    .option(
      '--value-column <name>',
      'column or field of the value; empty, null or NaN: known to be missing. A text, where a pipeline of symbols reads the topic',
      'value',
    )
    .addOption(
      covariatesOption(
        '--covariates <names>',
        'further columns or fields that records are to carry, with commas between them',
      ),
    )
    .option('--series <name>', 'series of all rows, for a file without a column that names it')
    .option('--data-dir <dir>', 'data directory, in place of the configured one')
    .option('--restart', 'replay the whole file, whatever has been replayed of it before')
    .option('--json', 'print the outcome as JSON')
  addConfigOptions(command).action((file: string, options: Options) => run(file, options, context, timer))
}

function rate(text: string): Rate {
  const parsed = parseRate(text)
  if (parsed !== null) return parsed
  throw new InvalidArgumentError('Expected records per second, "max", or "realtime×" and a factor.')
}

async function run(name: string, options: Options, context: CliContext, timer: Timer): Promise<void> {
  const { topic } = options
  const dataDir = options.dataDir === undefined ? {} : { dataDir: options.dataDir }
  const config = configFrom({ ...options, set: { ...options.set, ...dataDir } }, context)
  const directory = resolve(context.cwd, config.dataDir)
  const file = resolve(context.cwd, name)
  const readers = config.pipelines.filter((pipeline) => pipeline.topic === topic)
  const values = valuesOf(topic, readers)
  await assertFile(file)
  const progress = await ProgressFile.of(directory, file, topic)
  if (options.restart === true) await progress.clear()
  const before = await progress.load()
  const report = new ReplayReport(context, {
    file,
    topic,
    before: before.rows,
    isRead: readers.length > 0,
    json: options.json === true,
  })
  if (before.finished) {
    report.alreadyFinished()
    return
  }
  let outcome: ReplayOutcome
  try {
    outcome = await replay({
      file,
      columns: columnsOf(options),
      values,
      rate: options.rate,
      timer,
      progress,
      appended: before.rows,
      signal: context.signal,
      open: async () => {
        const onBusy = (seconds: number): void => report.busy(seconds)
        const { pid } = context
        const target = await openTarget({
          config,
          dataDir: directory,
          topic,
          appended: before.rows,
          pid,
          timer,
          onBusy,
        })
        report.started(target)
        return target
      },
      onProgress: (at) => report.progress(at),
    })
  } catch (error) {
    report.failed()
    if (error instanceof FileFormatError) throw new ReplayError(`${file}: ${error.message}`, { cause: error })
    throw error
  }
  report.ended(outcome)
  if (outcome.kind === 'stopped') context.exit(INTERRUPTED)
}

async function assertFile(file: string): Promise<void> {
  try {
    if ((await stat(file)).isFile()) return
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new ReplayError(`${file} cannot be read (${code})`, { cause: error })
  }
  throw new ReplayError(`${file} is not a file: what cannot be read twice cannot be resumed`)
}

/** Texts where the topic's pipelines are of symbols. */
function valuesOf(topic: string, readers: readonly PipelineConfig[]): ValueReader<number | string> {
  const symbols = readers.filter(({ kind }) => kind === 'symbols')
  if (symbols.length === 0) {
    const unless = `topic "${topic}" takes texts only where a pipeline of kind "symbols" reads it`
    return { ...NUMBERS, expected: `${NUMBERS.expected}: ${unless}` }
  }
  const other = readers.find(({ kind }) => kind !== 'symbols')
  if (other === undefined) return SYMBOLS
  throw new ReplayError(
    `topic "${topic}" is read by pipeline "${symbols[0]!.name}" of symbols and by pipeline "${other.name}" of numbers: ` +
      'what its values are cannot be told',
  )
}

function columnsOf({ seriesColumn, tsColumn, valueColumn, series, covariates }: Options): FileColumns {
  return {
    series: seriesColumn,
    ts: tsColumn,
    value: valueColumn,
    ...(series === undefined ? {} : { only: series }),
    ...(covariates === undefined ? {} : { covariates }),
  }
}
