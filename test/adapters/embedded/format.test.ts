import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { join as path } from 'node:path'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import { open } from 'lmdb'
import { bytes, join, readAll, record, row } from '../../contract/broker-helpers.js'
import { randomNetwork } from '../../support/pinned-network.js'
import { pipelineConfig } from '../../support/pipeline-config.js'
import { openLog, temporaryDirectory } from './temporary-log.js'

/** Names both versions, and says what to do. */
function newer(found: number, known: number): { code: string; message: RegExp } {
  const versions = `format ${found}, written by a newer Tidecast; this one knows formats up to ${known}`
  return { code: 'newer-format', message: new RegExp(`${versions}.* upgrade Tidecast`) }
}

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
      await assert.rejects(openLog(dir, { readOnly }), newer(2, 1))
    }
  })
})

test('what a newer version has written into a log is refused where it is read, each by its own format', async () => {
  await withClosedLog(async (dir) => {
    const log = await openLog(dir)
    await log.models.put(randomNetwork(pipelineConfig('p', {}), ['s']))
    await log.models.setChampion('p', 1)
    const { lease } = await join(log, 'topic', 'group')
    await lease.checkpoint({ meta: bytes('m'), rows: [row('s', 0, 'state')] })
    await log.close()
    const raw = open({ path: dir, overlappingSync: false } as { path: string })
    for (const [name, byte] of [
      ['log', 1],
      ['states', 0],
    ] as const) {
      const database = raw.openDB<Buffer, Buffer>(name, { encoding: 'binary', keyEncoding: 'binary' })
      for (const { key, value } of [...database.getRange({ start: Buffer.of(0) })]) {
        value.writeUInt8(2, byte)
        database.putSync(key, value)
      }
      // What is read is checked against what the index says.
      if (name !== 'log') continue
      const index = raw.openDB<Buffer, Buffer>('index', { encoding: 'binary', keyEncoding: 'binary' })
      for (const { key, value } of [...index.getRange({ start: Buffer.of(0) })]) {
        value.writeUInt32LE(crc32(database.get(key)!), 36)
        index.putSync(key, value)
      }
    }
    const models = raw.openDB<object, (string | number)[]>('models', { encoding: 'json' })
    models.putSync(['p', 'version', 1], { ...models.get(['p', 'version', 1]), format: 2 })
    models.putSync(['p', 'champion'], { version: 1, format: 2 })
    await raw.close()
    const again = await openLog(dir)
    try {
      await assert.rejects(readAll(again, 'topic'), newer(2, 1))
      const { lease: other } = await join(again, 'topic', 'group')
      assert.throws(() => other.states.get('s'), newer(2, 1))
      assert.throws(() => again.models.list('p'), newer(2, 1))
      assert.throws(() => again.models.champion('p'), newer(2, 1))
    } finally {
      await again.close()
    }
    const index = open({ path: dir, overlappingSync: false } as { path: string })
    const entries = index.openDB<Buffer, Buffer>('index', { encoding: 'binary', keyEncoding: 'binary' })
    for (const { key, value } of [...entries.getRange({ start: Buffer.of(0) })]) {
      value.writeUInt8(2, 0)
      entries.putSync(key, value)
    }
    await index.close()
    const last = await openLog(dir)
    await assert.rejects(readAll(last, 'topic'), newer(2, 1))
    await last.close()
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
    await writeFile(path(dir, 'data.mdb'), Buffer.alloc(size, 7))
    await assert.rejects(openLog(dir), { code: 'corrupt', message: /data.mdb is not an embedded log/ })
  }
  await rm(dir, { recursive: true })
})
