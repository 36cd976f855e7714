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
    assert.deepEqual(work.apart, [1])
  } finally {
    await work.close()
  }
})

test('a snapshot that is due waits for another partition that is being restored', async () => {
  const config = pipelineConfig('p', { interval: '1h', season: 'none', horizon: 2 })
  let now = 0
  const work = await PartitionAtWork.open(config, null, { now: () => (now += 60_000) })
  try {
    const next = async (hour: number): Promise<number | null> => {
      await work.append([{ series: 'a', ts: hour * 3_600_000, value: 1 }])
      const [settled] = await work.consume()
      return settled!.snapshot?.rows ?? null
    }
    assert.equal(await next(0), 1)
    work.neighbourRestores = true
    assert.equal(await next(1), null)
    assert.equal(await next(2), null)
    work.neighbourRestores = false
    assert.equal(await next(3), 1)
  } finally {
    await work.close()
  }
})
