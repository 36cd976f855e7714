import assert from 'node:assert/strict'
import { test } from 'node:test'
import { join, record, rejectsWith } from '../../contract/broker-helpers.js'
import { withLog } from './temporary-log.js'

test('nothing is settled after a partition has been given back, even what was asked for before', async () => {
  await withLog(async (broker) => {
    await broker.ensureTopics([{ name: 'topic', partitions: 1 }])
    await broker.append([record('topic', 'x')])
    const { lease } = await join(broker, 'topic', 'group')
    const batch = await lease.next(1)
    const settling = rejectsWith('revoked', batch.settle({ outputs: [] }))
    await lease.release()
    await settling
    assert.equal((await join(broker, 'topic', 'group')).lease.committed, 0)
  })
})

test('a partition goes to those who wait in the order in which they joined', async () => {
  await withLog(async (broker) => {
    await broker.ensureTopics([{ name: 'topic', partitions: 1 }])
    const owners: string[] = []
    const consumptions = []
    for (const name of ['first', 'second', 'third']) {
      consumptions.push(await broker.consume('topic', 'group', () => owners.push(name)))
    }
    for (const consumption of consumptions) await consumption.close()
    assert.deepEqual(owners, ['first', 'second', 'third'])
  })
})
