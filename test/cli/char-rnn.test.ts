import assert from 'node:assert/strict'
import { test } from 'node:test'
import { registerCharRnn } from '../../src/cli/char-rnn.js'
import { runCommand } from './replay/harness.js'

const charRnn = (...argv: string[]) => runCommand(registerCharRnn, ['char-rnn', ...argv], { cwd: '/' })

test('char-rnn reports the loss every 100 epochs and writes a text that begins as the learnt one does', async () => {
  const argv = ['--cell', 'lstm', '--text', 'to be, or not to be', '--epochs', '200']
  const { out, err, code } = await charRnn(...argv)
  assert.equal(code, 0)
  assert.match(err, /^epoch 100 {2}loss \d\.\d{6}\nepoch 200 {2}loss 0\.\d{6}\nlstm on \w+: 200 epochs/)
  assert.match(out, /^to be, or not to be/)
  assert.equal(out.trimEnd().length <= 105, true)

  const json = JSON.parse((await charRnn(...argv, '--json')).out) as {
    loss: number
    text: string
    repeated: boolean
  }
  assert.equal(json.text, out.slice(0, -1), 'the same seed writes the same')
  assert.equal(json.repeated, true)
  assert.ok(json.loss < 0.1)
})

test('char-rnn refuses what it cannot learn from', async () => {
  assert.match(String((await charRnn('--text', 'x')).error), /at least two characters/)
  assert.match(String((await charRnn('--epochs', '0')).error), /whole number from 1/)
  assert.match(String((await charRnn('--cell', 'elman')).error), /rnn, lstm, gru/)
})
