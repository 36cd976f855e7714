import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { open } from 'lmdb'
import { readAll, record } from '../../contract/broker-helpers.js'
import { openLog, temporaryDirectory } from './temporary-log.js'

async function withClosedLog(use: (dir: string) => Promise<void>): Promise<void> {
  const dir = await temporaryDirectory()
  try {
    const broker = await openLog(dir)
    await broker.ensureTopics([{ name: 'topic', partitions: 1 }])
    await broker.append([record('topic', 'x')])
    await broker.close()
    await use(dir)
  } finally {
    await rm(dir, { recursive: true })
  }
}

test('a log of a newer format is refused by readers and writers, and left as it is', async () => {
  await withClosedLog(async (dir) => {
    const raw = open({ path: dir, overlappingSync: false } as { path: string })
    raw.openDB('meta', { encoding: 'json' }).putSync('format', { version: 2 })
    await raw.close()
    for (const readOnly of [false, true]) {
      await assert.rejects(openLog(dir, { readOnly }), {
        code: 'unavailable',
        message: /format 2, written by a newer Tidecast.*Upgrade/,
      })
    }
  })
})

test('a damaged batch is found when it is read, and named', async () => {
  await withClosedLog(async (dir) => {
    const raw = open({ path: dir, overlappingSync: false } as { path: string })
    const log = raw.openDB<Buffer, Buffer>('log', { encoding: 'binary', keyEncoding: 'binary' })
    for (const { key, value } of [...log.getRange({ start: Buffer.of(0) })]) {
      value.writeUInt8(value.readUInt8(value.length - 1) ^ 1, value.length - 1)
      log.putSync(key, value)
    }
    await raw.close()
    const broker = await openLog(dir)
    await assert.rejects(readAll(broker, 'topic'), { code: 'corrupt', message: /partition 0, offset 0/ })
    await broker.close()
  })
})

test('a file that is no log is refused', async () => {
  const dir = await temporaryDirectory()
  for (const size of [10, 100_000]) {
    await writeFile(join(dir, 'data.mdb'), Buffer.alloc(size, 7))
    await assert.rejects(openLog(dir), { code: 'corrupt', message: /data.mdb is not an embedded log/ })
  }
  await rm(dir, { recursive: true })
})
