import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { configFrom } from '../../src/cli/config-options.js'
import type { CliContext } from '../../src/cli/context.js'
import { registerGradients } from '../../src/cli/gradients.js'
import type { Profile } from '../../src/cli/gradients/protocol.js'
import { pinNetwork } from '../support/pinned-network.js'
import { openLog, runCommand, workspace } from './replay/harness.js'

const gradients = (cwd: string, ...argv: string[]) =>
  runCommand(registerGradients, ['gradients', ...argv], { cwd })

test('the vanilla cell vanishes or explodes with its spectral radius; gates that keep hold the gradient', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'tidecast-gradients-'))
  t.after(() => rmSync(dir, { recursive: true }))
  const { out, code } = await gradients(dir, '--json', '--svg', 'profiles.svg')
  assert.equal(code, 0)
  const { profiles } = JSON.parse(out) as { profiles: Profile[] }
  const at = (name: string, lag: number): number => profiles.find((one) => one.name === name)!.norms[lag]!
  for (const { norms } of profiles) {
    assert.equal(norms.length, 101)
    assert.ok(Math.abs(norms[0]! - 1) < 1e-6)
  }
  assert.ok(at('rnn tanh, radius 0.8', 100) < 1e-8, 'vanishes')
  assert.ok(at('rnn tanh, radius 1.5', 100) > 30, 'explodes')
  assert.ok(at('lstm, gates keep', 100) > 0.02 && at('lstm, gates keep', 100) < 2)
  assert.ok(at('gru, gates keep', 100) > 0.2 && at('gru, gates keep', 100) < 2)
  const svg = readFileSync(join(dir, 'profiles.svg'), 'utf8')
  assert.equal(svg.match(/<polyline/g)?.length, profiles.length)
  assert.doesNotMatch(svg, /NaN|Infinity/)
})

test('radii are chosen, and the profile follows them', async () => {
  const { out } = await gradients('/', '--cell', 'rnn', '--radius', '0.5,1.2', '--lags', '20', '--json')
  const { profiles } = JSON.parse(out) as { profiles: Profile[] }
  assert.deepEqual(
    profiles.map(({ radius }) => radius),
    [0.5, 1.2],
  )
  assert.ok(profiles[0]!.norms[20]! < 1e-5 && profiles[1]!.norms[20]! > 1)
})

test('on real data: networks of each cell, their loss beside their state', async () => {
  const cwd = fileURLToPath(new URL('../../../demo', import.meta.url))
  const options = ['--data', 'electricity.csv.gz', '--radius', '0.8,1.5', '--lags', '60']
  const { out, error } = await gradients(cwd, ...options, '--json')
  assert.equal(error, null)
  const { profiles } = JSON.parse(out) as { profiles: Profile[] }
  assert.deepEqual(
    profiles.map(({ name }) => name),
    ['rnn tanh, radius 0.8', 'rnn tanh, radius 1.5', 'lstm', 'gru'],
  )
  const [vanishing, exploding, lstm] = profiles.map(({ norms }) => norms)
  assert.ok(vanishing![60]! < 1e-8 && exploding![60]! > 1 && lstm![60]! > 1e-5)
  for (const { loss, norms } of profiles) {
    assert.ok(loss![0] === 1 && loss!.length === 61)
    loss!.forEach((norm, k) => assert.ok(norm / norms[k]! < 5 && norm / norms[k]! > 0.2, `lag ${k}`))
  }
})

test('a stored network, on the series of its topic', async (t) => {
  const cwd = workspace(t, `{ interval: '1h', season: [24], horizon: 2, model: { cell: 'rnn', hidden: 8 } }`)
  const config = configFrom({}, { cwd, env: {} } as unknown as CliContext).pipelines[0]!
  const broker = await openLog(cwd)
  await broker.ensureTopics([{ name: config.topic, partitions: 1 }])
  const value = (i: number): Buffer =>
    Buffer.from(JSON.stringify({ ts: i * 3_600_000, value: Math.sin(i / 4) }))
  const records = Array.from({ length: 300 }, (_, i) => ({ key: Buffer.from('a'), value: value(i) }))
  await broker.append(records.map((record) => ({ topic: config.topic, partition: 0, ...record })))
  const nothing = await gradients(cwd, '--model', 't')
  assert.match(String(nothing.error), /no champion. Versions: none/)
  await pinNetwork(broker.models, config, ['a'])
  await broker.close()
  const { out, error } = await gradients(cwd, '--model', 't@1', '--lags', '20')
  assert.equal(error, null)
  assert.match(out, /^rnn@1, radius [01]\.\d+( +\d\.\de[+-]\d+){5}\nrnn@1, radius [01]\.\d+, loss /m)
  const tooMany = await gradients(cwd, '--model', 't@1', '--lags', '300')
  assert.match(String(tooMany.error), /no series has 329 steps.*choose fewer with --lags/)
  assert.match(String((await gradients(cwd, '--model', 't@2')).error), /no version 2. Versions: 1/)
  assert.match(
    String((await gradients(cwd, '--model', 't@x')).error),
    /expected PIPELINE or PIPELINE@VERSION/,
  )
  assert.match(String((await gradients(cwd, '--set', 'a=1')).error), /--config and --set are for --model/)
})

test('gradients of one cell at chosen lags are a table', async () => {
  const { out } = await gradients('/', '--cell', 'gru', '--lags', '10')
  assert.match(out, /^LAG +1 +2 +5 +10\ngru( +\d\.\de[+-]\d+){4}\ngru, gates keep( +\d\.\de[+-]\d+){4}\n$/)
})
