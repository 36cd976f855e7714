import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { PartitionAtWork } from '../support/partition-at-work.js'
import { pipelineConfig } from '../support/pipeline-config.js'

test('what a burst of records has changed is stored soon after it, though nothing comes that it could be stored with', async () => {
  const state = { snapshotEvery: '100ms' }
  const config = pipelineConfig('p', { interval: '1h', season: 'none', horizon: 2, state })
  // A clock that stands still: with no batch a snapshot is due.
  const work = await PartitionAtWork.open(config, null, { now: () => 0 })
  try {
    await work.append([{ series: 'a', ts: 0, value: 1 }])
    const [settled] = await work.consume()
    assert.equal(settled!.snapshot, null)
    assert.equal(await work.stored('a'), null)
    const deadline = performance.now() + 10_000
    while ((await work.stored('a')) === null) {
      assert.ok(performance.now() < deadline, 'nothing has been stored')
      await pause(20)
    }
    assert.equal((await work.stored('a'))!.offset, settled!.offset)
  } finally {
    await work.close()
  }
})
