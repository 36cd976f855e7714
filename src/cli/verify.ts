import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { CELLS } from '../core/network-spec.js'
import { wholeNumber } from './cell-options.js'
import type { CliContext } from './context.js'
import { runWorker } from './run-worker.js'
import { TOLERANCE, worst } from './verify/compare.js'
import type { StreamComparison, StreamJob } from './verify/stream.js'
import { verify, type Comparison, type Verification, type VerifyMessage } from './verify/verify.js'

interface Options {
  readonly golden?: string
  readonly stream?: true
  readonly data: string
  readonly steps: number
  readonly json?: true
}

const BUNDLED = fileURLToPath(new URL('../../../demo/electricity.csv.gz', import.meta.url))

export function registerVerify(program: Command, context: CliContext): void {
  program
    .command('verify')
    .description('compare every form of every cell with reference values, on every backend there is')
    .option('--golden <folder>', 'reference files (JSON), as in test/golden, whose README gives their format')
    .option('--stream', 'instead: carried states of trained networks against one long unroll')
    .option('--data <file>', 'of --stream: hourly observations (default: the bundled electricity)', BUNDLED)
    .option('--steps <n>', 'of --stream', wholeNumber(1), 5000)
    .option('--json', 'print all errors as JSON')
    .action((options: Options) => {
      if (options.stream === true) return runStream(options, context)
      if (options.golden === undefined) throw new Error('say --golden <folder> or --stream')
      return run(options.golden, options, context)
    })
}

/** Carried state equals full unroll, for each cell and form. */
async function runStream({ data, steps, json }: Options, context: CliContext): Promise<void> {
  const job: StreamJob = { cells: CELLS, data: resolve(context.cwd, data), steps }
  const comparisons: StreamComparison[] = []
  const worker = new URL('./verify/stream-worker.js', import.meta.url)
  context.stderr.write('training a network of each cell, then streaming …\n')
  await runWorker(worker, job, context.signal, (said) => {
    const comparison = said as StreamComparison
    comparisons.push(comparison)
    if (json === true) return
    const { cell, form, error } = comparison
    const sign = error < TOLERANCE ? 'ok  ' : 'FAIL'
    context.stdout.write(
      `${sign}  ${cell.padEnd(4)}  ${form.padEnd(8)}  ${steps} steps  ${error.toExponential(1)}\n`,
    )
  })
  const ok = comparisons.length > 0 && comparisons.every(({ error }) => error < TOLERANCE)
  if (json === true) context.stdout.write(`${JSON.stringify({ ok, tolerance: TOLERANCE, comparisons })}\n`)
  if (!ok) context.exit(1)
}

async function run(golden: string, { json }: Options, context: CliContext): Promise<void> {
  const folder = resolve(context.cwd, golden)
  const listen = (message: VerifyMessage): void => {
    switch (message.kind) {
      case 'loaded':
        context.stderr.write(`${message.backend} ${message.version}\n`)
        break
      case 'unavailable':
        context.stderr.write(`${message.backend} is not available: ${message.reason}\n`)
        break
      case 'compared':
        if (json !== true) context.stdout.write(comparisonLine(message.comparison))
        break
    }
  }
  const result = await verify(folder, context.signal, listen)
  context.stdout.write(json === true ? `${JSON.stringify(jsonOf(result))}\n` : summary(result))
  if (!result.ok) context.exit(1)
}

function comparisonLine({ file, backend, form, errors }: Comparison): string {
  const { quantity, error } = worst(errors)
  const sign = error < TOLERANCE ? 'ok  ' : 'FAIL'
  const [name, where] = [file.padEnd(32), `${backend} ${form}`.padEnd(19)]
  return `${sign}  ${name}  ${where}  ${error.toExponential(1)}  ${quantity}\n`
}

function summary({ ok, largestError, comparisons }: Verification): string {
  if (comparisons.length === 0) return 'Nothing was compared: no reference files, or no backend.\n'
  const files = new Set(comparisons.map(({ file }) => file)).size
  return (
    `\n${files} files, ${comparisons.length} comparisons, largest relative error ${largestError.toExponential(1)}: ` +
    (ok ? `all within ${TOLERANCE}.\n` : `not all within ${TOLERANCE}.\n`)
  )
}

/** JSON has no Infinity, which an array of another length or with a NaN is off by: it stands as null. */
function jsonOf({ ok, tolerance, largestError, comparisons, unavailable }: Verification): object {
  return {
    ok,
    tolerance,
    largestError,
    comparisons: comparisons.map(({ errors, ...where }) => {
      const { quantity, error } = worst(errors)
      return { ...where, ok: error < tolerance, largestError: error, worst: quantity, errors }
    }),
    unavailable,
  }
}
