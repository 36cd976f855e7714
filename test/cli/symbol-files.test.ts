import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { BacktestReport } from '../../src/ports/control/backtest-report.js'
import { registerBacktest } from '../../src/cli/backtest.js'
import { replayCommand, runCommand, storedRecords, workspace } from './replay/harness.js'

type Scores = Required<BacktestReport['models'][number]['scores']>

const BINARY = fileURLToPath(new URL('../../../bin/tidecast.js', import.meta.url))
const SENTENCE = 'the state is carried, never unrolled again. '

/** Series that repeat a sentence letter by letter, each from another place on. */
function letters(series: number, length: number): string {
  const rows = Array.from({ length: series * length }, (_, n) => {
    const [s, i] = [n % series, Math.floor(n / series)]
    return `s${s},${1_700_000_000_000 + 1000 * i},"${SENTENCE[(i + 7 * s) % SENTENCE.length]!}"`
  })
  return `series,ts,value\n${rows.join('\n')}\n`
}

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'tidecast-symbols-'))
  t.after(() => rmSync(dir, { recursive: true }))
  return dir
}

test('a file of symbols is backtested: a repeated sentence is known by heart, and better than by counts', async (t) => {
  const file = join(folder(t), 'letters.csv')
  writeFileSync(file, letters(2, 600))
  const settings = ['kind=symbols', 'model.hidden=32', 'training.updates=120', 'training.learningRate=0.01']
  const set = settings.flatMap((setting) => ['--set', setting])
  const argv = [BINARY, 'backtest', '--data', file, '--json', ...set]
  const { stdout } = await promisify(execFile)(process.execPath, argv)
  const { models } = JSON.parse(stdout) as BacktestReport
  const [network, baseline] = models.map(({ scores }) => scores as Scores) as [Scores, Scores]
  assert.ok(network.accuracy > 0.98 && network.logLoss < 0.1, JSON.stringify(network))
  assert.ok(baseline.accuracy < 0.6 && baseline.logLoss > 0.5, JSON.stringify(baseline))
  // Of each series the last fifth, each symbol forecast from the one before.
  assert.deepEqual([network.series, network.targets], [2, 240])
  assert.equal(baseline.targets, network.targets)
})

test('options that do not fit symbols, and texts where numbers are wanted, are refused with what to do', async (t) => {
  const cwd = folder(t)
  writeFileSync(join(cwd, 'letters.csv'), letters(1, 3))
  const run = async (...more: string[]): Promise<string> => {
    const { error } = await runCommand(registerBacktest, ['backtest', '--data', 'letters.csv', ...more], {
      cwd,
    })
    return error!.message
  }
  assert.match(await run(), /line 2: "t" is not a number; texts take --set kind=symbols/)
  assert.match(await run('--set', 'kind=symbols', '--horizon', '3'), /--horizon: symbols have no grid/)
})

test('texts are replayed into a topic that a pipeline of symbols reads, just as they are', async (t) => {
  const cwd = workspace(t, '{ kind: "symbols" }')
  writeFileSync(
    join(cwd, 'rows.csv'),
    'series,ts,value\na,1000,NA\na,2000,\na,3000," "\na,4000,"say ""1"""\n',
  )
  writeFileSync(
    join(cwd, 'rows.ndjson'),
    '{"series":"a","ts":5000,"value":"x"}\n{"series":"a","ts":6000,"value":null}\n',
  )
  for (const file of ['rows.csv', 'rows.ndjson'])
    assert.equal((await replayCommand([file, '--topic', 't'], { cwd })).code, 0)
  const values = ['NA', null, ' ', 'say "1"', 'x', null]
  const expected = values.map((value, i) => `a ${JSON.stringify({ ts: 1000 * (i + 1), value })}`)
  assert.deepEqual(await storedRecords(cwd), expected)

  writeFileSync(join(cwd, 'bad.ndjson'), '{"series":"a","ts":5000,"value":1}\n')
  const { error } = await replayCommand(['bad.ndjson', '--topic', 't'], { cwd })
  assert.match(error!.message, /line 1: "value" is not a text that is not empty/)
  const other = await replayCommand(['rows.csv', '--topic', 'numbers'], { cwd })
  assert.match(other.error!.message, /"NA"|" "|is not a number: topic "numbers" takes texts only where/)
})
