import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { registerModels } from '../../src/cli/models.js'
import { randomNetwork } from '../support/pinned-network.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { openLog, runCommand, workspace } from './replay/harness.js'

const CONFIG = pipelineConfig('t', { interval: '1h', season: [24], horizon: 2 })

/** A log with three versions that nobody holds, and `models` on it. */
async function leftLog(t: TestContext) {
  const cwd = workspace(t, `{ interval: '1h', season: [24], horizon: 2 }`)
  const broker = await openLog(cwd)
  for (const seed of [1, 2, 3]) await broker.models.put(randomNetwork(CONFIG, ['a'], { seed }))
  await broker.close()
  // No daemon can be meant.
  const run = async (...argv: string[]) =>
    runCommand(registerModels, ['models', ...argv, '--set', 'http.port=0'], { cwd })
  const json = async (...argv: string[]): Promise<unknown> =>
    JSON.parse((await run(...argv, '--json')).out) as unknown
  return { cwd, run, json }
}

test('without a daemon, promote and rollback change what the next one begins with', async (t) => {
  const { run, json } = await leftLog(t)
  assert.match((await run('promote', 't', 'gru@1')).out, /t is forecast by gru@1 now/)
  assert.deepEqual(await json('promote', 't', '3', '--reason', 'fewer misses'), {
    pipeline: 't',
    champion: 3,
  })
  assert.match(String((await run('promote', 't', '3')).error), /Version 3 is the champion already/)
  assert.deepEqual(await json('rollback', 't'), { pipeline: 't', champion: 1 })
  assert.deepEqual(await json('rollback', 't', '--to', '2'), { pipeline: 't', champion: 2 })
  assert.match((await run('rollback', 't', '--to', 'baseline')).out, /t is forecast by the baseline now/)
  assert.match(String((await run('rollback', 't', '--to', '9')).error), /no version 9; it has: 1, 2, 3/)
})

test('what a version scored on held-out data is shown by how far ahead, beside the baseline', async (t) => {
  const cwd = workspace(t, `{ interval: '1h', season: [24], horizon: 2 }`)
  const broker = await openLog(cwd)
  const model = randomNetwork(CONFIG, ['a'], { seed: 1 })
  const scored = (coverage: number) => ({ mase: 0.5, smape: 0.1, wql: 0.02, coverage, bias: 0, targets: 9 })
  const horizons = [
    { steps: '1', network: scored(0.81), baseline: scored(0.72) },
    { steps: '2', network: scored(0.79), baseline: scored(0.7) },
  ]
  await broker.models.put({ ...model, report: { ...model.report, horizons } })
  await broker.close()
  const { out } = await runCommand(registerModels, ['models', 'show', 't', '1', '--set', 'http.port=0'], {
    cwd,
  })
  assert.match(out, /^1 .*0\.810 +\(0\.720\)$/m)
  assert.match(out, /^2 .*0\.790 +\(0\.700\)$/m)
})

test('a version goes into a file and comes back as a new one; one that is damaged does not, and none is overwritten', async (t) => {
  const { cwd, run, json } = await leftLog(t)
  await run('export', 't', '2', 'kept.model')
  assert.match(String((await run('export', 't', '2', 'kept.model')).error), /kept.model exists already/)
  const { version } = (await json('import', 't', 'kept.model')) as { version: number }
  assert.equal(version, 4)
  const { weights } = (await json('diff', 't', '2', '4')) as { weights: [string, number][] }
  assert.ok(weights.every(([, change]) => change === 0))
  const file = readFileSync(join(cwd, 'kept.model'))
  file[file.length - 1]! ^= 1
  writeFileSync(join(cwd, 'damaged.model'), file)
  assert.match(String((await run('import', 't', 'damaged.model')).error), /checksum/)
  const newer = readFileSync(join(cwd, 'kept.model'))
    .toString('latin1')
    .replace('tidecast-model 1', 'tidecast-model 2')
  writeFileSync(join(cwd, 'newer.model'), newer, 'latin1')
  const why = /its format is 2, not 1, written by a newer Tidecast: upgrade this one/
  assert.match(String((await run('import', 't', 'newer.model')).error), why)
})

test('diff tells what two versions have in common by leaving it out', async (t) => {
  const { run } = await leftLog(t)
  const { out } = await run('diff', 't', '1', '2')
  assert.match(out, /gru@1 +gru@2/)
  assert.doesNotMatch(out, /horizon/)
  assert.match(out, /^head\.output +[1-9]\d*\.\d %$/m)
})

test('prune says what would go, and removes it', async (t) => {
  const { run, json } = await leftLog(t)
  await run('promote', 't', '2')
  assert.deepEqual(await json('prune', 't', '--keep', '1', '--dry-run'), {
    pipeline: 't',
    dryRun: true,
    removed: [1],
  })
  assert.match((await run('prune', 't', '--keep', '1')).out, /Versions 1 removed/)
  const { models } = (await json('list', 't')) as { models: { version: number }[] }
  assert.deepEqual(
    models.map(({ version }) => version),
    [2, 3],
  )
})
