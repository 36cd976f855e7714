import type { Command } from 'commander'
import type { Activation, CellKind } from '../core/network-spec.js'
import { activationOption, cellOption, positiveNumber, wholeNumber } from './cell-options.js'
import type { CharRnnJob, CharRnnMessage } from './char-rnn/protocol.js'
import type { CliContext } from './context.js'
import { runWorker } from './run-worker.js'

const TEXT = "hello world from qmwneb946, let's learn rnn together!"
/** Characters of the text that writing starts from: `hello`. */
const START = 5
const LENGTH = 100

interface Options {
  readonly cell: CellKind
  readonly activation: Activation
  readonly text: string
  readonly epochs: number
  readonly temperature: number
  readonly seed: number
  readonly json?: true
}

export function registerCharRnn(program: Command, context: CliContext): void {
  program
    .command('char-rnn')
    .description('the classic example: a small network learns a sentence letter by letter, then writes it')
    .addOption(cellOption())
    .addOption(activationOption())
    .option('--text <text>', 'what is learnt; its first five characters are what writing starts from', TEXT)
    .option('--epochs <n>', 'passes over the text', wholeNumber(1), 2000)
    .option(
      '--temperature <t>',
      'below 1 the likelier characters are drawn yet more often',
      positiveNumber,
      0.8,
    )
    .option('--seed <n>', 'start of the random numbers', wholeNumber(0), 1)
    .option('--json', 'print the outcome as JSON')
    .action((options: Options) => run(options, context))
}

async function run({ json, ...options }: Options, context: CliContext): Promise<void> {
  const characters = Array.from(options.text)
  if (characters.length < 2)
    throw new Error('--text must have at least two characters: one to read, one to learn')
  const start = characters.slice(0, START).join('')
  const job: CharRnnJob = { ...options, start, length: LENGTH }
  const curve: { epoch: number; loss: number }[] = []
  let outcome: Extract<CharRnnMessage, { kind: 'written' }> | undefined
  const worker = new URL('./char-rnn/char-rnn-worker.js', import.meta.url)
  await runWorker(worker, job, context.signal, (said) => {
    const message = said as CharRnnMessage
    if (message.kind === 'written') outcome = message
    else {
      const { epoch, loss } = message
      curve.push({ epoch, loss })
      context.stderr.write(
        `epoch ${String(epoch).padStart(String(options.epochs).length)}  loss ${loss.toFixed(6)}\n`,
      )
    }
  })
  if (outcome === undefined) throw new Error('the training ended without a result')
  const { loss, seconds, backend } = outcome
  const text = start + outcome.text
  const { cell, epochs } = options
  if (json === true) {
    const repeated = text.includes(options.text)
    context.stdout.write(
      `${JSON.stringify({ cell, epochs, backend, seconds, loss, curve, text, repeated })}\n`,
    )
    return
  }
  context.stderr.write(
    `${cell} on ${backend}: ${epochs} epochs in ${seconds.toFixed(1)} s, loss ${loss.toFixed(6)}\n`,
  )
  context.stdout.write(`${text}\n`)
}
