import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { test } from 'node:test'
import { bytes, join, readAll, record, rejectsWith, row, values } from '../../contract/broker-helpers.js'
import { LogProcess } from './log-process-client.js'
import { manualClock, openLog, temporaryDirectory, withLog } from './temporary-log.js'

const LARGE = 'x'.repeat(100_000)

test('a full log refuses whole settlements, stays readable, and takes writes again once there is room', async () => {
  const clock = manualClock(0)
  await withLog(
    async (broker) => {
      await broker.ensureTopics([
        { name: 'input', partitions: 1 },
        { name: 'output', partitions: 1 },
      ])
      await broker.append([record('input', 'a'), record('input', 'b')])
      const { lease } = await join(broker, 'input', 'group')
      let stored = 0
      try {
        for (;;) {
          await broker.append([record('output', LARGE)])
          stored++
        }
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'disk-full')
      }
      assert.ok(stored > 20, `${stored} records of 100 kB in 4 MiB`)
      const batch = await lease.next(1)
      const outputs = [record('output', LARGE)]
      const snapshot = { meta: bytes('m'), rows: [row('s', 0, 'state')] }
      await rejectsWith('disk-full', batch.settle({ outputs, snapshot }))
      assert.equal(lease.committed, 0)
      assert.equal(await lease.states.get('s'), null)
      assert.equal((await readAll(broker, 'output')).length, stored)
      assert.ok((await broker.size()) ?? Infinity <= 4 * 2 ** 20)

      clock.advance(10_000)
      await broker.ensureTopics([{ name: 'output', partitions: 1, retentionBytes: 1_000_000 }])
      const again = await lease.next(1)
      await again.settle({ outputs, snapshot })
      assert.equal(lease.committed, 1)
      const [info] = (await broker.describe('output')) ?? []
      assert.equal(info?.end, stored + 1)
      assert.ok(info.earliest > 0)
    },
    { mapSizeBytes: 4 * 2 ** 20, clock },
  )
})

test('one settlement too many does not take down another that shares its commit', async () => {
  await withLog(
    async (broker) => {
      await broker.ensureTopics([{ name: 'topic', partitions: 1 }])
      const large = broker.append([record('topic', 'x'.repeat(5_000_000))])
      const small = broker.append([record('topic', 'small')])
      await rejectsWith('disk-full', large)
      await small
      assert.deepEqual(await values(broker, 'topic'), ['small'])
    },
    { mapSizeBytes: 2 * 2 ** 20 },
  )
})

const LINUX = { skip: process.platform !== 'linux' && 'limits the size of files of a running process' }

test(
  'a full disk is reported, leaves nothing half-written, and the log goes on when there is room',
  LINUX,
  async () => {
    const dir = await temporaryDirectory()
    try {
      const broker = await openLog(dir)
      await broker.ensureTopics([{ name: 'topic', partitions: 1 }])
      await broker.close()
      const child = LogProcess.startLimited('fill', dir, 8192)
      assert.deepEqual(
        [await child.line(), await child.line(), await child.line()],
        ['disk-full', 'whole', 'readable'],
      )
      child.unlimit()
      await child.finish()
      const appended = Number(await child.line())
      assert.ok(appended > 10)
      const reopened = await openLog(dir)
      assert.equal((await readAll(reopened, 'topic')).length, appended)
      await reopened.close()
    } finally {
      await rm(dir, { recursive: true })
    }
  },
)
