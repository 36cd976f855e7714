import assert from 'node:assert/strict'
import { test } from 'node:test'
import { registerReset } from '../../src/cli/reset.js'
import { Random } from '../../src/model/random.js'
import { reset } from '../../src/pipeline/reset.js'
import { openLog, runCommand, workspace } from '../cli/replay/harness.js'
import { PartitionAtWork } from '../support/partition-at-work.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { randomRows } from '../support/random-rows.js'
import { assertSameForecasts } from '../support/same-outcome.js'
import { loadRandomNetwork } from '../support/shared-engine.js'

const SETTINGS = { interval: '1m', season: [12, 24], horizon: 6, model: { hidden: 8, warmUp: 4 } }
const ROWS = randomRows(new Random(1), { series: 4, steps: 60 })

test('after a reset the same forecasts come again, marked as repeats, and then new ones that are not', async () => {
  const config = pipelineConfig('p', SETTINGS)
  const work = await PartitionAtWork.open(config, await loadRandomNetwork(config, []))
  try {
    await work.append(ROWS.slice(0, 200))
    await work.consume()
    await work.away(async () => {
      const to = ROWS[100]!.ts
      const plan = await reset(work.broker, config, to, 0, true)
      assert.deepEqual(plan, [{ partition: 0, from: 200, to: 100 }])
      assert.deepEqual(await reset(work.broker, config, to, 0, false), plan)
      const later = await reset(work.broker, config, ROWS[150]!.ts, 0, false)
      assert.deepEqual(later, [{ partition: 0, from: 100, to: 100 }], 'it never goes on')
    })
    await work.consume(
      () => 30,
      () => work.crash(),
    )
    await work.restart()
    await work.append(ROWS.slice(200))
    await work.consume()
    const outputs = await work.outputs()
    assert.equal(outputs.length, 340)
    assertSameForecasts(outputs.slice(200, 300), outputs.slice(100, 200))
    const marked = (await work.records(config.output)).map(({ headers }) =>
      Buffer.from(headers!['tidecast-repeat'] ?? []).toString(),
    )
    assert.deepEqual(
      marked,
      Array.from({ length: 340 }, (_, i) => (i >= 200 && i < 300 ? '1' : '')),
    )
  } finally {
    await work.close()
  }
})

test('the command says where it goes, and what is wrong', async (t) => {
  const cwd = workspace(t)
  const run = (...argv: string[]) => runCommand(registerReset, ['reset', ...argv], { cwd })
  const log = await openLog(cwd)
  await log.ensureTopics([{ name: 't', partitions: 1 }])
  assert.match(String((await run('t', '--to', 'earliest')).error), /in use by process/)
  await log.close()
  const { out } = await run('t', '--to', 'earliest', '--dry-run', '--json')
  assert.deepEqual((JSON.parse(out) as { partitions: unknown }).partitions, [
    { partition: 0, from: 0, to: 0 },
  ])
  assert.match(String((await run('t', '--to', 'latest')).error), /goes back/)
  assert.match(String((await run('t', '--to', 'yesterday')).error), /ISO 8601/)
  assert.match(String((await run('t')).error), /required option/)
  assert.match(String((await run('t', '--to', '5')).error), /--partition/)
  assert.match(String((await run('t', '--to', '5', '--partition', 'x')).error), /whole number/)
  assert.match(String((await run('t', '--to', '5', '--partition', '1')).error), /partitions 0 to 0, and no 1/)
})
