import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { registerInspect } from '../../src/cli/inspect.js'
import type { Continuation } from '../../src/ports/control.js'
import { DaemonProcess } from '../support/daemon-process.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { storedStates } from '../support/stored-states.js'
import { openLog, runCommand, workspace } from './replay/harness.js'

const WORDS = { kind: 'symbols', training: { enabled: false }, state: { snapshotEvery: '100ms' } }

test('a series of symbols goes on, through the daemon while one runs and from what it stored when none does', async (t) => {
  const cwd = mkdtempSync(join(tmpdir(), 'tidecast-sample-'))
  t.after(() => rmSync(cwd, { recursive: true }))
  const dataDir = join(cwd, 'data')
  const broker = { embedded: { mapSize: '64MiB', retentionBytes: 0 } }
  mkdirSync(dataDir)
  const daemon = await DaemonProcess.start(dataDir, { broker, pipelines: { words: WORDS } })
  t.after(() => daemon.kill())
  const port = new URL(await daemon.listening).port
  const lines = Array.from({ length: 90 }, (_, i) =>
    JSON.stringify({ key: 'door', value: { ts: 1000 * i, value: ['open', 'wait a bit', 'closed'][i % 3] } }),
  )
  assert.ok(await daemon.ingest('words', `${lines.join('\n')}\n`))
  await daemon.until('words', ({ records }) => records === lines.length)
  const inspect = (...argv: string[]) => {
    const settings = ['-c', join(dataDir, 'tidecast.json5'), '--set', `dataDir=${dataDir}`]
    return runCommand(registerInspect, ['inspect', ...argv, ...settings, '--set', `http.port=${port}`], {
      cwd,
    })
  }
  const argv = ['words', 'door', '--sample', '6', '--temperature', '0.05', '--seed', '3']
  const live = await inspect(...argv, '--json')
  assert.equal(live.error, null)
  const drawn = JSON.parse(live.out) as Continuation
  assert.deepEqual(drawn.symbols, ['open', 'wait a bit', 'closed', 'open', 'wait a bit', 'closed'])
  assert.deepEqual([drawn.model, drawn.seed, drawn.temperature], ['baseline@1', 3, 0.05])
  const unknown = await inspect('words', 'window', '--sample', '6')
  assert.deepEqual([unknown.code, unknown.out], [1, 'Nothing is known of series "window".\n'])

  await daemon.terminate()
  const stored = async () => {
    const log = await openLog(cwd)
    try {
      return await storedStates(log, pipelineConfig('words', WORDS))
    } finally {
      await log.close()
    }
  }
  const before = await stored()
  const text = await inspect(...argv)
  assert.equal(text.error, null)
  assert.match(
    text.out,
    /^series door, origin 1970-01-01T00:01:29\.000Z, model baseline@1, temperature 0\.05, seed 3\n/,
  )
  assert.match(text.out, /\n"open" "wait a bit" "closed" "open" "wait a bit" "closed"\n$/)
  assert.deepEqual(await stored(), before)
})

test('only symbols of a named series are drawn, and the daemon must be one that can be asked', async (t) => {
  const numbers = workspace(t)
  const run = (cwd: string, ...argv: string[]) =>
    runCommand(registerInspect, ['inspect', 't', ...argv], { cwd })
  assert.match((await run(numbers, 'a', '--sample', '3')).error!.message, /pipeline "t" is of kind "numbers"/)
  const symbols = workspace(t, JSON.stringify({ kind: 'symbols' }))
  assert.match((await run(symbols, '--sample', '3')).error!.message, /name it after the pipeline/)
  const held = await openLog(symbols)
  t.after(() => held.close())
  const nobody = await run(symbols, 'a', '--sample', '3', '--set', 'http.port=1')
  assert.match(nobody.error!.message, /no daemon answers at http:\/\/127\.0\.0\.1:1 /)
})
