import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { registerBacktest } from './cli/backtest.js'
import { registerBackup } from './cli/backup.js'
import { registerBench } from './cli/bench.js'
import { registerCharRnn } from './cli/char-rnn.js'
import { registerConfig } from './cli/config.js'
import type { CliContext } from './cli/context.js'
import { registerDoctor } from './cli/doctor.js'
import { EXIT } from './cli/exit-codes.js'
import { registerGradients } from './cli/gradients.js'
import { registerImpute } from './cli/impute.js'
import { registerInspect } from './cli/inspect.js'
import { registerMigrate } from './cli/migrate.js'
import { registerModels } from './cli/models.js'
import { registerRedrive } from './cli/redrive.js'
import { registerReady } from './cli/ready.js'
import { registerReplay } from './cli/replay.js'
import { registerReset } from './cli/reset.js'
import { registerRestore } from './cli/restore.js'
import { registerRun } from './cli/run.js'
import { registerTrain } from './cli/train.js'
import { registerVerify } from './cli/verify.js'
import { registerWatch } from './cli/watch.js'

/** The composition root: the only reader of `process`. */
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

const stop = new AbortController()
/** A second request to stop that comes this much later than the first does not wait for it; sooner, it is its echo. */
const IMPATIENT_MS = 1000
let asked = 0
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (stop.signal.aborted && performance.now() - asked > IMPATIENT_MS) process.exit(EXIT.interrupted)
    if (!stop.signal.aborted) asked = performance.now()
    stop.abort()
  })
}
// Real life sends these at any time. They end nothing and interrupt nothing here; the daemon reloads on the first.
for (const signal of ['SIGHUP', 'SIGWINCH', 'SIGUSR2'] as const) process.on(signal, () => undefined)

const context: CliContext = {
  env: { ...process.env }, // TensorFlow's settings are added to the process's own
  cwd: process.cwd(),
  args: process.argv.slice(2),
  get stdin() {
    return process.stdin // opened only where it is read
  },
  stdout: process.stdout,
  stderr: process.stderr,
  isTTY: process.stderr.isTTY,
  exit: (code) => {
    process.exitCode = code
  },
  signal: stop.signal,
  quit: (code) => process.exit(code),
  onCrash: (listener) => {
    process.on('uncaughtException', (error) => {
      listener(error)
      process.exit(EXIT.crashed)
    })
  },
  runtime: `Node.js ${process.version} on ${process.platform} ${process.arch}`,
  onHangUp: (listener) => void process.on('SIGHUP', listener),
  pid: process.pid,
  version,
}

const program = new Command('tidecast')
  .description('Forecasts streams of time series with one carried recurrent state per series.')
  .version(version)
  .showHelpAfterError()
  .addHelpText(
    'after',
    `
First steps:
  tidecast doctor                               whether everything needed is here
  tidecast run --demo                           the daemon, forecasting four bundled data sets
  tidecast backtest --data FILE --interval 1h   how well a file of yours would be forecast
Every command explains its options with --help.`,
  )
registerRun(program, context)
registerBacktest(program, context)
registerImpute(program, context)
registerReplay(program, context)
registerRedrive(program, context)
registerReset(program, context)
registerTrain(program, context)
registerModels(program, context)
registerMigrate(program, context)
registerBackup(program, context)
registerRestore(program, context)
registerInspect(program, context)
registerWatch(program, context)
registerConfig(program, context)
registerReady(program, context)
registerDoctor(program, context)
registerVerify(program, context)
registerCharRnn(program, context)
registerGradients(program, context)
registerBench(program, context)

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(`tidecast: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
