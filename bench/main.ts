import { table } from '../src/cli/table.js'
import { benchBesideTraining } from './beside-training.js'
import { benchCharRnn } from './char-rnn.js'
import { benchEmbeddedLog } from './embedded-log.js'
import { benchEndToEnd } from './end-to-end.js'
import { benchFormats } from './formats.js'
import { benchHistoryCost } from './history-cost.js'
import { benchKafka, kafkaBench, type KafkaBench } from './kafka.js'
import { benchRestart } from './restart.js'
import { benchSizing } from './sizing.js'
import { benchTakeOver } from './take-over.js'
import { benchViewers } from './viewers.js'
import type { Figure } from './figure.js'

const BENCHMARKS: Readonly<Record<string, () => Promise<readonly Figure[]>>> = {
  'end-to-end': () => benchEndToEnd(),
  'history-cost': () => benchHistoryCost(),
  restart: () => benchRestart(),
  'take-over': () => benchTakeOver(),
  viewers: () => benchViewers(),
  'beside-training': () => benchBesideTraining(),
  'embedded-log': () => benchEmbeddedLog(),
  kafka: () => benchKafka(kafkaBench([])!),
  formats: () => benchFormats(),
  sizing: () => benchSizing(),
  'char-rnn': () => benchCharRnn(),
  // These load TensorFlow on this thread, beside the engine's: last, and only when asked for.
  cells: async () => (await import('./cells.js')).benchCells(),
  step: async () => (await import('./step.js')).benchStep(),
  training: async () => (await import('./training.js')).benchTraining(),
  imputation: async () => (await import('./imputation.js')).benchImputation(),
  drift: async () => (await import('./drift.js')).benchDrift(),
  disturbances: async () => (await import('./disturbances.js')).benchDisturbances(),
  learning: async () => (await import('./learning.js')).benchLearning(),
}

const [first, ...rest] = process.argv.slice(2)
if (first === 'kafka') await runKafka(rest)
else await runAll(process.argv.slice(2))

/** `npm run bench -- kafka …`, which has options. */
async function runKafka(args: readonly string[]): Promise<void> {
  let bench: KafkaBench | null
  try {
    bench = kafkaBench(args)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 2
    return
  }
  if (bench === null) return
  const figures = await benchKafka(bench)
  if (bench.json) print(figures)
  else process.stdout.write(table(['', 'measured', ''], figures.map(asRow)))
}

function print(figures: readonly Figure[]): void {
  for (const figure of figures) process.stdout.write(`${JSON.stringify(figure)}\n`)
}

function asRow({ name, value, unit }: Figure): string[] {
  return [name, value.toLocaleString('en', { maximumSignificantDigits: value < 100 ? 3 : 6 }), unit]
}

/** `npm run bench [-- NAME…]`: one JSON line per figure. */
async function runAll(wanted: readonly string[]): Promise<void> {
  const unknown = wanted.filter((name) => !(name in BENCHMARKS))
  if (unknown.length > 0 || wanted.includes('--help')) {
    const names = Object.keys(BENCHMARKS).join(', ')
    process.stderr.write(
      `usage: npm run bench [-- NAME…], NAME one of ${names}; kafka has options: kafka --help\n`,
    )
    process.exitCode = wanted.includes('--help') ? 0 : 2
    return
  }
  for (const [name, run] of Object.entries(BENCHMARKS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    process.stderr.write(`${name} …\n`)
    print(await run())
  }
}
