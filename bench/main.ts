import { benchCharRnn } from './char-rnn.js'
import { benchEmbeddedLog } from './embedded-log.js'
import { benchEndToEnd } from './end-to-end.js'
import { benchHistoryCost } from './history-cost.js'
import { benchKafka } from './kafka.js'
import { benchRestart } from './restart.js'
import type { Figure } from './figure.js'

const BENCHMARKS: Readonly<Record<string, () => Promise<readonly Figure[]>>> = {
  'end-to-end': () => benchEndToEnd(),
  'history-cost': () => benchHistoryCost(),
  restart: () => benchRestart(),
  'embedded-log': () => benchEmbeddedLog(),
  kafka: () => benchKafka(),
  'char-rnn': () => benchCharRnn(),
  // These load TensorFlow on this thread, beside the engine's: last, and only when asked for.
  cells: async () => (await import('./cells.js')).benchCells(),
  step: async () => (await import('./step.js')).benchStep(),
  training: async () => (await import('./training.js')).benchTraining(),
  imputation: async () => (await import('./imputation.js')).benchImputation(),
}

/** `npm run bench [-- NAME…]`: one JSON line per figure. */
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !(name in BENCHMARKS))
if (unknown.length > 0 || wanted.includes('--help')) {
  process.stderr.write(`usage: npm run bench [-- NAME…], NAME one of ${Object.keys(BENCHMARKS).join(', ')}\n`)
  process.exitCode = wanted.includes('--help') ? 0 : 2
} else {
  for (const [name, run] of Object.entries(BENCHMARKS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    process.stderr.write(`${name} …\n`)
    for (const figure of await run()) process.stdout.write(`${JSON.stringify(figure)}\n`)
  }
}
