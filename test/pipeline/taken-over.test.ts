import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PartitionAtWork } from '../support/partition-at-work.js'
import { pipelineConfig } from '../support/pipeline-config.js'

const HOUR = 3_600_000
const SERIES = Array.from({ length: 3000 }, (_, i) => `s${i}`)
const settings = { interval: '1h', season: 'none', horizon: 2 }

async function atWork(more: object = {}): Promise<PartitionAtWork> {
  const work = await PartitionAtWork.open(pipelineConfig('p', { ...settings, ...more }), null)
  await work.append(SERIES.map((series) => ({ series, ts: 0, value: 1 })))
  await work.consume()
  return work
}

test('a partition that is taken over forecasts at once, and its other series come back by themselves', async () => {
  const work = await atWork()
  try {
    await work.restart()
    const { states } = work
    assert.deepEqual([states.slots.size, states.spilled], [0, SERIES.length])
    await work.append([{ series: SERIES.at(-1)!, ts: HOUR, value: 2 }])
    const [settled] = await work.consume()
    assert.equal(settled!.advance.forecasts, 1)
    assert.equal(settled!.advance.newSeries, 0)
    assert.equal(states.slots.size, 1)
    await work.complete()
    assert.equal(states.slots.size, SERIES.length)
    assert.equal(states.spilled, 0)
  } finally {
    await work.close()
  }
})

test('what comes back by itself has room for no more series than configured, and none that has been deleted', async () => {
  const work = await atWork({ tombstones: 'delete' })
  try {
    await work.restart()
    const { timestamp } = (await work.records(work.config.topic)).at(-1)!
    const last = Buffer.from(SERIES.at(-1)!)
    await work.appendRecords([{ topic: work.config.topic, timestamp, key: last, value: null }])
    await work.consume()
    await work.complete()
    assert.equal(work.states.slots.size, SERIES.length - 1)
    assert.equal(work.states.slots.find(SERIES.at(-1)!), undefined)
  } finally {
    await work.close()
  }
  const few = await atWork({ state: { maxResidentSeries: 1000 } })
  try {
    await few.restart()
    await few.complete()
    const { slots, spilled } = few.states
    assert.equal(slots.size, 1000)
    assert.equal(slots.size + spilled, SERIES.length)
  } finally {
    await few.close()
  }
})
