import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join as joinPath } from 'node:path'
import { test } from 'node:test'
import { join, record, text, values } from '../../contract/broker-helpers.js'
import { manualClock, openLog, temporaryDirectory, withLog } from './temporary-log.js'

const HOUR = 3_600_000

test('records older than the retention by their arrival are deleted, whatever their time stamps', async () => {
  const clock = manualClock(1e12)
  await withLog(
    async (broker) => {
      await broker.ensureTopics([{ name: 'topic', partitions: 1, retentionMs: HOUR }])
      await broker.append([record('topic', 'old', { timestamp: 9e12 })])
      clock.advance(HOUR / 2)
      await broker.append([record('topic', 'middle', { timestamp: 1 })])
      clock.advance(HOUR / 2)
      await broker.append([record('topic', 'new')])
      assert.deepEqual(await values(broker, 'topic'), ['middle', 'new'])
      assert.deepEqual(await broker.describe('topic'), [{ earliest: 1, end: 3 }])
    },
    { clock },
  )
})

test('the oldest records of all partitions are deleted while the topic is too large', async () => {
  const clock = manualClock(1e12)
  await withLog(
    async (broker) => {
      await broker.ensureTopics([{ name: 'topic', partitions: 2, retentionBytes: 35_000 }])
      for (const partition of [0, 1, 1, 0, 0, 1]) {
        clock.advance(2000)
        await broker.append([record('topic', 'x'.repeat(10_000), { partition })])
      }
      // What is about to be appended is not counted yet: three batches remain, and the new one.
      assert.deepEqual(await broker.describe('topic'), [
        { earliest: 1, end: 3 },
        { earliest: 1, end: 3 },
      ])
    },
    { clock },
  )
})

test('deleting keeps up with writing, however fast that is', async () => {
  await withLog(
    async (broker) => {
      await broker.ensureTopics([{ name: 'topic', partitions: 1, retentionBytes: 2_000_000 }])
      // The clock stands still: the amount alone must make it due.
      for (let i = 0; i < 50; i++) await broker.append([record('topic', 'x'.repeat(1_000_000))])
      const [{ earliest, end } = { earliest: 0, end: 0 }] = (await broker.describe('topic')) ?? []
      assert.ok(end - earliest <= 20, `${end - earliest} records of 1 MB are left`)
    },
    { clock: manualClock(0) },
  )
})

test('retention is applied when the log is opened', async () => {
  const dir = await temporaryDirectory()
  const clock = manualClock(1e12)
  try {
    const broker = await openLog(dir, { clock })
    await broker.ensureTopics([{ name: 'topic', partitions: 3, retentionMs: HOUR }])
    for (let i = 0; i < 1200; i++) void broker.append([record('topic', 'x', { partition: i % 3 })])
    await broker.append([record('topic', 'last')])
    await broker.close()
    clock.advance(HOUR)
    const reopened = await openLog(dir, { clock })
    assert.deepEqual(await reopened.describe('topic'), [
      { earliest: 401, end: 401 },
      { earliest: 400, end: 400 },
      { earliest: 400, end: 400 },
    ])
    await reopened.append([record('topic', 'next')])
    assert.deepEqual(await values(reopened, 'topic'), ['next'])
    await reopened.close()
  } finally {
    await rm(dir, { recursive: true })
  }
})

test('a group that is behind the retention goes on at what is left, and knows what it missed', async () => {
  const clock = manualClock(1e12)
  await withLog(
    async (broker) => {
      await broker.ensureTopics([{ name: 'topic', partitions: 1, retentionMs: HOUR }])
      await broker.append(['a', 'b', 'c'].map((value) => record('topic', value)))
      const first = await join(broker, 'topic', 'group')
      await (await first.lease.next(1)).settle({ outputs: [] })
      const undelivered = await first.lease.next(1)
      clock.advance(HOUR)
      await broker.append([record('topic', 'd')])
      await undelivered.settle({ outputs: [] })
      const batch = await first.lease.next(9)
      assert.deepEqual(
        batch.records.map(({ value }) => text(value)),
        ['d'],
      )
      assert.deepEqual([first.lease.committed, first.lease.skipped], [3, 1])
      await first.consumption.close()
      const second = await join(broker, 'topic', 'group')
      assert.deepEqual([second.lease.committed, second.lease.skipped], [3, 1])
    },
    { clock },
  )
})

test('deleted space is used again', async () => {
  const clock = manualClock(1e12)
  await withLog(
    async (broker, dir) => {
      await broker.ensureTopics([{ name: 'topic', partitions: 1, retentionBytes: 2_000_000 }])
      const fill = async (): Promise<number> => {
        for (let i = 0; i < 40; i++) {
          clock.advance(1000)
          await broker.append([record('topic', 'x'.repeat(200_000))])
        }
        return statSync(joinPath(dir, 'data.mdb')).size
      }
      const once = await fill()
      let twice = once
      for (let i = 0; i < 4; i++) twice = await fill()
      assert.ok(twice <= once * 1.5, `${once} bytes grew to ${twice}`)
    },
    { clock },
  )
})
