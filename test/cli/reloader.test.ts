import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Reloader } from '../../src/cli/reload/reloader.js'
import { loadWithOrigins } from '../../src/config/load.js'
import { systemClock } from '../../src/ports/clock.js'
import { createTelemetry } from '../../src/telemetry/telemetry.js'

const TOKEN = 'a-token-that-nobody-sees'

async function reloader(t: TestContext, apply: () => Promise<void>) {
  const dir = await mkdtemp(join(tmpdir(), 'tidecast-reloader-'))
  t.after(() => rm(dir, { recursive: true }))
  const file = join(dir, 'tidecast.json5')
  const write = (more: object): Promise<void> =>
    writeFile(file, JSON.stringify({ http: { token: TOKEN }, pipelines: { p: {} }, ...more }))
  await write({})
  const sources = { files: [file], env: {} }
  const destination = { write: () => undefined }
  const telemetry = createTelemetry({ level: 'error', format: 'json', destination, version: 'test' })
  const made = new Reloader({
    sources,
    loaded: loadWithOrigins(sources),
    apply,
    telemetry,
    clock: systemClock,
  })
  return { made, write }
}

test('what became of the last reload is told, without secrets, and the same object for as long as nothing is new', async (t) => {
  let fails = true
  const { made, write } = await reloader(t, async () => {
    if (fails) throw new Error(`the server says: wrong password "${TOKEN}"`)
  })
  const before = made.state
  assert.equal(before.lastReload, null)
  assert.equal(made.state, before)

  await write({ log: { level: 'warn' } })
  assert.equal((await made.reload('file')).kind, 'failed')
  const { lastReload, hash, drift } = made.state
  assert.deepEqual([lastReload?.outcome, lastReload?.cause], ['failed', 'file'])
  assert.equal(
    lastReload?.message,
    'The old configuration goes on: the server says: wrong password "********"',
  )
  assert.deepEqual(
    lastReload.changes.map(({ path, after }) => [path, after]),
    [['log.level', 'warn']],
  )
  assert.deepEqual([hash, drift], [before.hash, true])

  fails = false
  assert.equal((await made.reload('request')).kind, 'applied')
  const after = made.state
  assert.equal(after.lastReload?.message, '1 change was made.')
  assert.notEqual(after.hash, before.hash)
  assert.equal(after.drift, false)

  await write({ log: { level: 'loud' } })
  assert.equal((await made.reload('signal')).kind, 'invalid')
  assert.equal(made.state.lastReload?.message, 'The configuration has problems: log.level.')
  assert.equal(made.state.loadedAt, after.loadedAt)
})
