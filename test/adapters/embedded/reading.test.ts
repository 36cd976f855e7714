import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { test } from 'node:test'
import fc from '../../support/properties.js'
import type { OutboundRecord } from '../../../src/ports/broker.js'
import { bytes, readAll, record, rejectsWith, text, values } from '../../contract/broker-helpers.js'
import { LogProcess } from './log-process-client.js'
import { openLog, temporaryDirectory, withLog } from './temporary-log.js'

/** As in `log-process.ts`. */
const READ_TARGET = 20_000

test('a reader in another process sees every record once, in order, while they are written', async () => {
  const dir = await temporaryDirectory()
  try {
    const broker = await openLog(dir)
    await broker.ensureTopics([{ name: 'topic', partitions: 1 }])
    const reader = LogProcess.start('read', dir)
    assert.equal(await reader.line(), 'ready')
    for (let next = 0; next < READ_TARGET; next += 500) {
      await broker.append(Array.from({ length: 500 }, (_, i) => record('topic', String(next + i))))
    }
    assert.equal(await reader.line(), `read ${READ_TARGET}`)
    await reader.finish()
    await broker.close()
  } finally {
    await rm(dir, { recursive: true })
  }
})

test('a read-only log refuses to write, and says so when there is nothing to read', async () => {
  await withLog(async (broker, dir) => {
    await broker.ensureTopics([{ name: 'topic', partitions: 1 }])
    const reader = await openLog(dir, { readOnly: true })
    await rejectsWith('unavailable', reader.append([record('topic', 'x')]))
    await rejectsWith('unavailable', reader.ensureTopics([{ name: 'other', partitions: 1 }]))
    await rejectsWith('unavailable', reader.models.setChampion('p', null))
    assert.deepEqual(await reader.topics(), ['topic'])
    await reader.close()
    await broker.append([record('topic', 'x')])
  })
  const empty = await temporaryDirectory()
  await rejectsWith('unavailable', openLog(empty, { readOnly: true }))
  await rm(empty, { recursive: true })
})

test('reads by offset and time find exactly the records a plain search finds', async () => {
  await withLog(async (broker) => {
    // Several batches, time stamps out of order within and between them.
    const records = Array.from({ length: 9000 }, (_, i): OutboundRecord => {
      return record('topic', String(i), { timestamp: i + ((i * 7919) % 2000) })
    })
    await broker.ensureTopics([{ name: 'topic', partitions: 1 }])
    for (const [from, to] of [
      [0, 1],
      [1, 8000],
      [8000, 8001],
      [8001, 9000],
    ]) {
      await broker.append(records.slice(from, to))
    }
    const bound = fc.option(fc.integer({ min: 0, max: 11_500 }), { nil: undefined })
    await fc.assert(
      fc.asyncProperty(
        bound,
        bound,
        bound,
        bound,
        async (fromOffset, toOffset, fromTimestamp, toTimestamp) => {
          const range = {
            ...(fromOffset !== undefined && { fromOffset }),
            ...(toOffset !== undefined && { toOffset }),
            ...(fromTimestamp !== undefined && { fromTimestamp }),
            ...(toTimestamp !== undefined && { toTimestamp }),
          }
          const expected = records.filter(
            ({ timestamp = 0 }, offset) =>
              offset >= (fromOffset ?? 0) &&
              offset < (toOffset ?? Infinity) &&
              timestamp >= (fromTimestamp ?? 0) &&
              timestamp < (toTimestamp ?? Infinity),
          )
          assert.deepEqual(
            await values(broker, 'topic', range),
            expected.map(({ value }) => text(value)),
          )
        },
      ),
      { numRuns: 40 },
    )
  })
})

test('large records come in several chunks', async () => {
  await withLog(async (broker) => {
    await broker.ensureTopics([{ name: 'topic', partitions: 1 }])
    const value = 'x'.repeat(3_000_000)
    for (let i = 0; i < 7; i++) await broker.append([record('topic', value)])
    const sizes: number[] = []
    for await (const chunk of broker.read('topic', 0, {})) sizes.push(chunk.length)
    assert.deepEqual(sizes, [3, 3, 1])
  })
})

test('records without a key go round the partitions, those of one call together', async () => {
  await withLog(async (broker) => {
    await broker.ensureTopics([{ name: 'topic', partitions: 3 }])
    for (let i = 0; i < 4; i++) {
      await broker.append(['a', 'b'].map((value) => ({ topic: 'topic', key: null, value: bytes(value) })))
    }
    const counts = await Promise.all([0, 1, 2].map(async (p) => (await readAll(broker, 'topic', p)).length))
    assert.deepEqual(counts, [4, 2, 2])
  })
})
