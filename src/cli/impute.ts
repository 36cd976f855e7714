import { access, constants } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { Option, type Command } from 'commander'
import { readObservations, type FileObservation } from '../adapters/files/observations.js'
import { CELLS, type Activation, type CellKind } from '../core/network-spec.js'
import { MERGES, type Merge } from '../model/bidirectional.js'
import { activationOption, wholeNumber } from './cell-options.js'
import type { CliContext } from './context.js'
import { intervalOption, seasonOption, type GridOptions } from './grid-options.js'
import { seriesOf, type FileSeries } from './impute/pieces.js'
import type { ImputeJob, ImputeMessage, ImputeResult } from './impute/protocol.js'
import { filledRows } from './impute/rows.js'
import { isNdjson, writeRows, writeRowsTo, type FilledRow } from './impute/write.js'
import { ProgressBar } from './progress-bar.js'
import { runWorker } from './run-worker.js'
import { table } from './table.js'

interface Options extends GridOptions {
  readonly cell: CellKind
  readonly activation: Activation
  readonly merge: Merge
  readonly hidden: number
  readonly seed: number
  readonly out?: string
  readonly json?: true
}

export function registerImpute(program: Command, context: CliContext): void {
  program
    .command('impute')
    .description(
      "fill the gaps of a file's series: median and 80 % interval, by a bidirectional network trained on the file itself",
    )
    .argument('<file>', 'CSV (header series,ts,value) or NDJSON, .gz if so named; an empty value is missing')
    .addOption(intervalOption())
    .addOption(seasonOption())
    .addOption(new Option('--cell <kind>', 'recurrent cell').choices(CELLS).default('gru'))
    .addOption(activationOption())
    .addOption(
      new Option('--merge <how>', "how the two directions' states become one")
        .choices(MERGES)
        .default('concat'),
    )
    .option('--hidden <n>', 'width of the hidden state of each direction', wholeNumber(1, 1024), 32)
    .option('--seed <n>', 'start of the random numbers', wholeNumber(0), 1)
    .option('--out <file>', 'write the filled file there instead of to standard output')
    .option('--json', 'print report and filled values as JSON')
    .addHelpText('after', HELP)
    .action((file: string, options: Options) => run(file, options, context))
}

const HELP = `
The result has the columns series,ts,value,lower,upper,imputed: where imputed is 1, value is the median, and lower and
upper bound the 80 % interval. Rows are ordered by time; rows that the grid lacks are added. Values before a series'
first and after its last one, and gaps longer than two short seasons (at least 24 steps, at most 128), stay missing.

How good the values are is measured on stretches that were removed before the training, beside linear interpolation
and the seasonal naive forecast; the report goes to standard error, with --out to standard output.`

async function run(file: string, options: Options, context: CliContext): Promise<void> {
  const { interval, out, json, ...network } = options
  const path = resolve(context.cwd, file)
  const target = out === undefined ? undefined : resolve(context.cwd, out)
  if (target !== undefined) await access(dirname(target), constants.W_OK) // not only after the training
  const observations: FileObservation[] = []
  for await (const chunk of readObservations(path)) observations.push(...chunk)
  const series = seriesOf(observations, interval)
  const histories = series.flatMap(({ pieces }) =>
    pieces.map(({ series: name, start, values, ts }) => ({ series: name, start, values, ts })),
  )
  const result = await learnAndFill({ ...network, histories }, context)
  const rows = filledRows(series, result.fills)
  const report = reportOf(series, rows, observations.length, result)
  if (target !== undefined) await writeRowsTo(target, rows)
  if (json === true) {
    const values = rows.flatMap(({ imputed, ...row }) => (imputed ? [row] : []))
    const { cell, merge, hidden, seed } = options
    context.stdout.write(`${JSON.stringify({ cell, merge, hidden, seed, ...report, values })}\n`)
    return
  }
  if (out === undefined) await writeRows(context.stdout, rows, isNdjson(path))
  ;(out === undefined ? context.stderr : context.stdout).write(reportText(report))
}

async function learnAndFill(job: ImputeJob, context: CliContext): Promise<ImputeResult> {
  const bar = new ProgressBar(context, 'training')
  let result: ImputeResult | undefined
  const worker = new URL('./impute/impute-worker.js', import.meta.url)
  await runWorker(worker, job, context.signal, (said) => {
    const message = said as ImputeMessage
    if (message.kind === 'done') result = message.result
    else bar.show(message.update / message.updates, `loss ${message.loss.toFixed(4)}`)
  })
  if (result === undefined) throw new Error('the training ended without a result')
  bar.done(`${String(result.updates)} updates in ${result.seconds.toFixed(0)} s on ${result.backend}`)
  return result
}

type Report = ReturnType<typeof reportOf>

function reportOf(
  series: readonly FileSeries[],
  rows: readonly FilledRow[],
  observations: number,
  { quality, longestGap, updates, seconds, backend }: ImputeResult,
) {
  return {
    series: series.length,
    observations,
    /** Rows for an interval that had one already. */
    duplicates: observations - series.reduce((sum, one) => sum + one.rows.length, 0),
    filled: rows.filter(({ imputed }) => imputed).length,
    /** Rows whose value is still missing. */
    left: rows.filter(({ value }) => value === null).length,
    longestGap,
    quality,
    updates,
    seconds,
    backend,
  }
}

function reportText({ filled, left, duplicates, longestGap, quality }: Report): string {
  const { values, stretches, network, linear, seasonalNaive } = quality
  const row = (name: string, { mase, coverage }: typeof network): string[] => [
    name,
    ...[mase, ...(coverage === undefined ? [] : [coverage])].map((x) =>
      Number.isFinite(x) ? x.toFixed(3) : '–',
    ),
  ]
  return (
    `filled ${filled} values` +
    (left > 0 ? `; ${left} rows stay empty: at an end, or in a gap of more than ${longestGap} steps` : '') +
    (duplicates > 0 ? `; ${duplicates} rows dropped, whose interval had a row already` : '') +
    `\nOn ${values} values removed in stretches of ${stretches[0]} to ${stretches[1]} steps:\n` +
    table(
      ['', 'MASE', 'coverage'],
      [row('network', network), row('linear interpolation', linear), row('seasonal naive', seasonalNaive)],
    )
  )
}
