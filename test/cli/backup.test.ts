import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { registerBackup } from '../../src/cli/backup.js'
import { MANIFEST, type Manifest } from '../../src/cli/backup/manifest.js'
import { registerRestore } from '../../src/cli/restore.js'
import { record } from '../contract/broker-helpers.js'
import { randomNetwork } from '../support/pinned-network.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { openLog, recordsOf, runCommand, workspace, type Outcome } from './replay/harness.js'

const PIPELINE = `{ interval: '1h', season: [24], horizon: 2 }`

/** A log with a record and a network, a backup of it in `kept`, and the commands. */
async function backedUp(t: TestContext) {
  const cwd = workspace(t, PIPELINE)
  const broker = await openLog(cwd)
  await broker.ensureTopics([{ name: 't', partitions: 1 }])
  await broker.append([record('t', 'x')])
  await broker.models.put(
    randomNetwork(pipelineConfig('t', { interval: '1h', season: [24], horizon: 2 }), ['a']),
  )
  await broker.close()
  const backup = (...argv: string[]): Promise<Outcome> =>
    runCommand(registerBackup, ['backup', ...argv], { cwd })
  const restore = (...argv: string[]): Promise<Outcome> =>
    runCommand(registerRestore, ['restore', 'kept', ...argv], { cwd })
  const made = await backup('kept')
  assert.equal(made.code, 0, String(made.error))
  return { cwd, backup, restore, made, kept: join(cwd, 'kept'), data: join(cwd, 'data') }
}

test('a backup says what it holds, and comes back whole', async (t) => {
  const { cwd, restore, made, data, kept } = await backedUp(t)
  assert.match(made.out, /^t +t +nothing +0 +1 +baseline$/m)
  assert.match(made.err, /backup 100 % written/)
  assert.deepEqual(readdirSync(kept).sort(), ['data.mdb', MANIFEST])
  rmSync(data, { recursive: true })
  const checked = await restore('--dry-run')
  assert.match(checked.out, /It is whole, and can be put into .*data\/log/)
  assert.equal(existsSync(data), false, 'a dry run writes nothing')
  assert.match((await restore()).out, /Start the daemon/)
  assert.deepEqual(readdirSync(data), ['log'])
  const broker = await openLog(cwd)
  assert.deepEqual(await recordsOf(broker), [' x'])
  assert.equal(broker.models.get('t', 1)?.version, 1)
  await broker.close()
})

test('a backup goes into a new folder only', async (t) => {
  const { backup, kept } = await backedUp(t)
  const before = readFileSync(join(kept, MANIFEST), 'utf8')
  assert.match(String((await backup('kept')).error), /kept is not empty: name a new folder/)
  assert.equal(readFileSync(join(kept, MANIFEST), 'utf8'), before)
})

test('a restore refuses a target that has something, and one that a daemon works on', async (t) => {
  const { cwd, restore } = await backedUp(t)
  assert.match(String((await restore()).error), /data\/log is not empty: move it away first/)
  const daemon = await openLog(cwd)
  assert.match(String((await restore()).error), /a daemon runs on .*data\/log: stop it/)
  await daemon.close()
})

test('a restore refuses what is damaged, not whole, of another kind or of a newer format, and leaves nothing', async (t) => {
  const { restore, kept, data } = await backedUp(t)
  rmSync(data, { recursive: true })
  const manifest = JSON.parse(readFileSync(join(kept, MANIFEST), 'utf8')) as Manifest
  const file = readFileSync(join(kept, 'data.mdb'))
  const write = (more: object): void => {
    writeFileSync(join(kept, MANIFEST), JSON.stringify({ ...manifest, ...more }))
  }
  const refuses = async (why: RegExp): Promise<void> => {
    const { code, error } = await restore()
    assert.equal(code, 1)
    assert.match(String(error), why)
    assert.equal(existsSync(join(data, 'log')), false)
    assert.equal(existsSync(join(data, 'log.restoring')), false)
  }
  write({ format: 2 })
  await refuses(/has format 2, written by a newer Tidecast; this one knows formats up to 1/)
  write({ dataFormat: 3 })
  await refuses(/has format 3, written by a newer Tidecast; this one knows formats up to 1/)
  write({ kind: 'kafka' })
  await refuses(/is a backup of kind "kafka", and broker.kind is "embedded"/)
  write({ files: [{ path: '../data.mdb', bytes: 1, sha256: '' }] })
  await refuses(/manifest.json is damaged/)
  write({ files: [...manifest.files, { path: 'models/a.model', bytes: 1, sha256: '' }] })
  await refuses(/is not whole: models\/a.model is missing/)
  write({})
  const damaged = Buffer.from(file)
  damaged[damaged.length - 1]! ^= 1
  writeFileSync(join(kept, 'data.mdb'), damaged)
  await refuses(/data.mdb is damaged: its checksum/)
  writeFileSync(join(kept, 'data.mdb'), file.subarray(0, 4096))
  await refuses(/data.mdb is damaged: it has 4096 bytes/)
  writeFileSync(join(kept, 'data.mdb'), file)
  rmSync(join(kept, MANIFEST))
  await refuses(/is no backup, or one that was not finished/)
  write({})
  // What an interrupted one has left is in nobody's way.
  mkdirSync(join(data, 'log.restoring'), { recursive: true })
  writeFileSync(join(data, 'log.restoring', 'data.mdb'), 'half')
  assert.equal((await restore()).code, 0)
})
