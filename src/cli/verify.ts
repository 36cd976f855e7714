import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { CliContext } from './context.js'
import { TOLERANCE, worst } from './verify/compare.js'
import { verify, type Comparison, type Verification, type VerifyMessage } from './verify/verify.js'

interface Options {
  readonly golden: string
  readonly json?: true
}

export function registerVerify(program: Command, context: CliContext): void {
  program
    .command('verify')
    .description('compare every form of every cell with reference values, on every backend there is')
    .requiredOption(
      '--golden <folder>',
      'reference files (JSON), as in test/golden, whose README gives their format',
    )
    .option('--json', 'print all errors as JSON')
    .action((options: Options) => run(options, context))
}

async function run({ golden, json }: Options, context: CliContext): Promise<void> {
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
  const [name, where] = [file.padEnd(32), `${backend} ${form}`.padEnd(16)]
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
