import { fork } from 'node:child_process'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { CELLS, type CellKind } from '../core/network-spec.js'
import { BENCH_DEVICES, type BenchAnswer, type BenchDevice, type BenchJob } from './bench/protocol.js'
import { wholeNumber } from './cell-options.js'
import type { CliContext } from './context.js'

interface Options extends Omit<BenchJob, 'device'> {
  readonly device: readonly BenchDevice[]
  readonly cell: CellKind
  readonly json?: true
}

export function registerBench(program: Command, context: CliContext): void {
  program
    .command('bench')
    .description(
      'how fast this machine is at what the daemon does; what a developer compares is in `npm run bench`',
    )
    .command('train')
    .description('time of a training update on each device, in a process of its own')
    .option('--device <list>', 'devices to compare', devices, [...BENCH_DEVICES])
    .addOption(new Option('--cell <kind>', 'recurrent cell').choices(CELLS).default('gru'))
    .option('--hidden <n>', 'width of the hidden state', wholeNumber(1, 4096), 64)
    .option('--streams <n>', 'sequences side by side (training.streams)', wholeNumber(1, 65_536), 16)
    .option('--updates <n>', 'updates on each device, whose median time counts', wholeNumber(3), 40)
    .option('--json', 'print the result as JSON')
    .action((options: Options) => run(options, context))
}

function devices(text: string): BenchDevice[] {
  return text.split(',').map((name) => {
    const device = BENCH_DEVICES.find((known) => known === name)
    if (device === undefined) throw new InvalidArgumentError('Expected gpu, cpu or gpu,cpu.')
    return device
  })
}

async function run({ device, json, ...job }: Options, context: CliContext): Promise<void> {
  const results: ({ readonly asked: BenchDevice } & BenchAnswer)[] = []
  for (const asked of device) {
    context.stderr.write(`${asked} …\n`)
    results.push({ asked, ...(await measure({ ...job, device: asked }, context)) })
  }
  context.stdout.write(json === true ? `${JSON.stringify({ ...job, results })}\n` : listing(results))
  if (results.every(({ kind }) => kind === 'absent')) context.exit(1)
}

function listing(results: readonly ({ readonly asked: BenchDevice } & BenchAnswer)[]): string {
  const known = results.flatMap((one) => (one.kind === 'measured' ? one.seconds : []))
  const slowest = Math.max(...known)
  const lines = results.map((one) =>
    one.kind === 'absent'
      ? `${one.asked}  not measured: ${one.reason}\n`
      : `${one.asked}  ${(one.seconds * 1000).toFixed(1)} ms per update on ${one.device}` +
        `${known.length > 1 ? `, ${(slowest / one.seconds).toFixed(2)} times the slowest` : ''}\n`,
  )
  return lines.join('')
}

/** All signals are blocked in the process, for TensorFlow's sake, so it is ended by SIGKILL. */
function measure(job: BenchJob, { env, signal }: CliContext): Promise<BenchAnswer> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const child = fork(new URL('./bench/bench-train-process.js', import.meta.url), [], {
      env: { ...env },
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    const abort = (): void => {
      child.kill('SIGKILL')
      reject(signal.reason as Error)
    }
    signal.addEventListener('abort', abort, { once: true })
    child.once('spawn', () => child.send(job))
    child.once('message', (answer) => {
      resolve(answer as BenchAnswer)
    })
    child.once('error', reject)
    child.once('exit', () => {
      signal.removeEventListener('abort', abort)
      resolve({ kind: 'absent', reason: 'the process that trains died' })
    })
  })
}
