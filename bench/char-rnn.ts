import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { CELLS } from '../src/core/network-spec.js'
import type { Figure } from './figure.js'
import { pytorch } from './pytorch.js'

const BINARY = new URL('../../bin/tidecast.js', import.meta.url).pathname
const TEXT = "hello world from qmwneb946, let's learn rnn together!"
const EPOCHS = 2000

/** `tidecast char-rnn` as users run it, beside the same example in PyTorch: the training alone, 2000 epochs. */
export async function benchCharRnn(): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const cell of CELLS) {
    const options = ['char-rnn', '--cell', cell, '--text', TEXT, '--epochs', String(EPOCHS), '--json']
    const { stdout } = await promisify(execFile)(process.execPath, [BINARY, ...options])
    const { seconds, loss } = JSON.parse(stdout) as Outcome
    const name = `char-rnn, ${cell}, ${EPOCHS} epochs`
    figures.push({ name, value: seconds, unit: 's' }, { name: `${name}, loss`, value: loss, unit: 'nats' })
    const answer = await pytorch('char_rnn.py', cell, TEXT, String(EPOCHS))
    if (answer === null) continue
    const theirs = answer[0] as Outcome
    figures.push({ name: `${name}, PyTorch / Tidecast`, value: theirs.seconds / seconds, unit: 'times' })
  }
  return figures
}

interface Outcome {
  readonly seconds: number
  readonly loss: number
}
