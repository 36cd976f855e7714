import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { test } from 'node:test'
import type { EmbeddedBroker } from '../../../src/adapters/embedded/embedded-broker.js'
import { join, loadRows, readAll, text } from '../../contract/broker-helpers.js'
import { LogProcess } from './log-process-client.js'
import { openLog, temporaryDirectory } from './temporary-log.js'

const ROUNDS = 24
/** As in `log-process.ts`. */
const FEED = 40

/** Mulberry32: the moments of the kills are the same in every run. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

test('after kill -9 outputs, offsets, states and inputs agree, and nothing reported as settled is lost', async () => {
  const dir = await temporaryDirectory()
  const next = random(20_240_501)
  try {
    const broker = await openLog(dir)
    await broker.ensureTopics(['input', 'output'].map((name) => ({ name, partitions: 2 })))
    const feed = (partition: number): { topic: string; partition: number; key: null; value: null }[] =>
      Array.from({ length: FEED }, () => ({ topic: 'input', partition, key: null, value: null }))
    await broker.append([...feed(0), ...feed(1)])
    await broker.close()
    const reported = [0, 0]
    for (let round = 0; round < ROUNDS; round++) {
      const child = LogProcess.start('settle', dir)
      assert.equal(await child.line(), 'ready')
      const settlements = 1 + Math.floor(next() * 25)
      for (let i = 0; i < settlements; i++) note(await child.line(), reported)
      // Not waiting for anything: it spreads the kills over all phases of a settlement.
      await new Promise((resolve) => setTimeout(resolve, next() * 8))
      await child.kill()
      for (const line of await child.rest()) note(line, reported)
      const reopened = await openLog(dir)
      await check(reopened, reported)
      await reopened.close()
    }
  } finally {
    await rm(dir, { recursive: true })
  }
})

function note(line: string | null, reported: number[]): void {
  const [partition = 0, committed = 0] = (line ?? '').split(' ').map(Number)
  reported[partition] = committed
}

async function check(broker: EmbeddedBroker, reported: readonly number[]): Promise<void> {
  const { leases } = await join(broker, 'input', 'group', 2)
  for (const lease of leases) {
    const { committed, partition } = lease
    assert.ok(
      committed >= (reported[partition] ?? 0),
      `${committed} committed, ${reported[partition]} reported`,
    )
    const outputs = (await readAll(broker, 'output', partition)).map(({ value }) => Number(text(value)))
    assert.deepEqual(
      outputs,
      Array.from({ length: committed }, (_, offset) => offset),
    )
    assert.equal((await broker.describe('input'))?.[partition]?.end, committed + FEED)
    assert.deepEqual(await loadRows(lease), committed === 0 ? {} : { s: String(committed) })
    assert.equal(Number(text(await lease.states.meta())), committed)
  }
}
