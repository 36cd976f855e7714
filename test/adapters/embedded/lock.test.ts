import assert from 'node:assert/strict'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { BrokerError } from '../../../src/ports/broker.js'
import { LogProcess } from './log-process-client.js'
import { openLog, temporaryDirectory } from './temporary-log.js'

async function withDirectory(use: (dir: string) => Promise<void>): Promise<void> {
  const dir = await temporaryDirectory()
  try {
    await use(dir)
  } finally {
    await rm(dir, { recursive: true })
  }
}

test('a second writer is refused, told who holds the log, and let in once that one is killed', async () => {
  await withDirectory(async (dir) => {
    const holder = LogProcess.start('hold', dir)
    assert.equal(await holder.line(), 'open')
    await assert.rejects(openLog(dir), (error) => {
      assert.ok(error instanceof BrokerError)
      assert.equal(error.code, 'locked')
      assert.match(error.message, new RegExp(`process ${holder.pid} .*Stop that process`))
      return true
    })
    await holder.kill()
    const broker = await openLog(dir)
    await broker.close()
    assert.deepEqual((await readdir(dir)).sort(), ['data.mdb', 'lock.mdb'])
  })
})

test('a second writer in the same process is refused', async () => {
  await withDirectory(async (dir) => {
    const broker = await openLog(dir)
    await assert.rejects(openLog(dir), { code: 'locked' })
    await broker.ensureTopics([{ name: 'still-usable', partitions: 1 }])
    await broker.close()
  })
})

test('of several that start at once after a crash, exactly one gets the log', async () => {
  await withDirectory(async (dir) => {
    for (let round = 0; round < 4; round++) {
      const starters = Array.from({ length: 4 }, () => LogProcess.start('hold', dir))
      const lines = await Promise.all(starters.map((starter) => starter.line()))
      const winner = starters[lines.indexOf('open')]
      assert.ok(winner, lines.join('\n'))
      assert.equal(lines.filter((line) => line?.startsWith(`locked The embedded log in ${dir}`)).length, 3)
      await Promise.all(starters.filter((starter) => starter !== winner).map((starter) => starter.finish()))
      await winner.kill()
    }
  })
})

test(
  'the lock works in a directory whose path is too long for a socket',
  { skip: process.platform !== 'linux' },
  () =>
    withDirectory(async (parent) => {
      const dir = join(parent, 'x'.repeat(120))
      await mkdir(dir)
      const broker = await openLog(dir)
      await assert.rejects(openLog(dir), { code: 'locked' })
      await broker.close()
      await (await openLog(dir)).close()
    }),
)
