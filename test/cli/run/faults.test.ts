import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { launchTrainer } from '../../../src/cli/launch-trainer.js'
import { Liveness } from '../../../src/cli/liveness.js'
import type { TrainingJob } from '../../../src/training/protocol.js'
import { DaemonProcess, TOKEN } from '../../support/daemon-process.js'
import { withDataDirectory } from '../../support/house.js'
import { BLOCKED_MS, type Mischief } from '../../support/mischief.js'

const PRELOAD = new URL('../../support/mischief.js', import.meta.url).href
const CONFIG = {
  log: { level: 'debug', format: 'json' },
  engine: { backend: 'cpu' },
  pipelines: { p: { interval: '1h', season: 'none', training: { enabled: false } } },
}

interface Report {
  readonly what: string
  readonly version: string
  readonly runtime: string
  readonly configHash: string
  readonly error: { readonly message: string; readonly stack: string }
  readonly lastLines: readonly string[]
}

function start(dataDir: string, mischief: Mischief): Promise<DaemonProcess> {
  return DaemonProcess.start(dataDir, CONFIG, 0, {
    MISCHIEF: mischief,
    NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --import ${PRELOAD}`,
  })
}

const reportsIn = (dataDir: string): string[] =>
  readdirSync(dataDir).filter((name) => name.startsWith('crash-'))

for (const mischief of ['throw', 'reject', 'engine-throw'] as const) {
  test(`a crash (${mischief}) ends with code 70 and leaves a report without secrets; old ones are removed`, async () => {
    await withDataDirectory(async (dataDir) => {
      for (let i = 10; i < 25; i++)
        writeFileSync(join(dataDir, `crash-2020-01-${i}T00-00-00.000Z-daemon.json`), '{}')
      const daemon = await start(dataDir, mischief)
      try {
        await daemon.listening
        const { hash } = await daemon.get<{ hash: string }>('/api/v1/config')
        daemon.signal('SIGUSR2')
        assert.deepEqual(await daemon.ended, { code: 70, signal: null }, daemon.stderr)
        const reports = reportsIn(dataDir)
        assert.equal(reports.length, 10)
        const file = join(dataDir, reports.sort().at(-1)!)
        assert.equal(statSync(file).mode & 0o777, 0o600)
        const text = readFileSync(file, 'utf8')
        const report = JSON.parse(text) as Report
        assert.equal(report.what, 'daemon')
        assert.equal(report.configHash, hash)
        assert.match(report.runtime, /^Node\.js v\d+/)
        assert.match(report.error.message, /mischief with \*+/)
        assert.match(report.error.stack, /mischief\.js/)
        assert.ok(report.lastLines.some((line) => line.includes('HTTP answers')))
        assert.ok(!text.includes(TOKEN))
        assert.match(daemon.stderr, /a crash report was written/)
      } finally {
        await daemon.kill()
      }
    })
  })
}

test('a blocked event loop is noticed by a probe, and once it is free the daemon is well again', async () => {
  await withDataDirectory(async (dataDir) => {
    const daemon = await start(dataDir, 'block')
    try {
      const url = await daemon.listening
      daemon.signal('SIGUSR2')
      const probe = (ms: number): Promise<Response> =>
        fetch(`${url}/healthz`, { signal: AbortSignal.timeout(ms) })
      await assert.rejects(
        // A request that came before the signal was still answered.
        async () => {
          for (;;) await (await probe(BLOCKED_MS / 2)).text()
        },
        { name: 'TimeoutError' },
      )
      assert.equal((await probe(60_000)).status, 200)
      assert.deepEqual(await daemon.terminate(), { code: 0, signal: null })
    } finally {
      await daemon.kill()
    }
  })
})

test('a clock that stands still, and an engine that does not get on, are no life; time spent stopped is', () => {
  const engine = new Liveness(0)
  for (let second = 0; second <= 60; second++) engine.tick(second * 1000, 7)
  assert.equal(engine.alive(60_000), false)
  engine.tick(61_000, 8)
  assert.equal(engine.alive(61_000), true)
  assert.equal(engine.alive(91_000), false)
  const stopped = new Liveness(0)
  stopped.tick(1000, 7)
  stopped.tick(600_000, 7)
  assert.equal(stopped.alive(600_000), true)
})

test('what cannot stop within shutdown.timeout ends all the same, with code 75', async () => {
  await withDataDirectory(async (dataDir) => {
    const daemon = await DaemonProcess.start(dataDir, { ...CONFIG, shutdown: { timeout: '1s' } })
    try {
      const url = new URL(await daemon.listening)
      const socket = connect(Number(url.port), url.hostname)
      socket.on('error', () => undefined)
      // A request that is under way is waited for, longer than this daemon has time.
      const head = `POST /api/v1/topics/p/records HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Length: 99\r\n\r\n`
      const taken = new Promise((resolve) => socket.once('data', resolve))
      socket.write(head)
      await taken
      assert.deepEqual(await daemon.terminate(), { code: 75, signal: null })
      assert.match(daemon.stderr, /not stopped in time/)
    } finally {
      await daemon.kill()
    }
  })
})

test('a configuration with problems ends with code 78', async () => {
  await withDataDirectory(async (dataDir) => {
    const daemon = await DaemonProcess.start(dataDir, { pipelines: { p: { horizon: -1 } } })
    assert.deepEqual(await daemon.ended, { code: 78, signal: null })
  })
})

test('a trainer that dies of a fault of its own is told of; one that is ended is not', async () => {
  const crashed: string[] = []
  const launch = launchTrainer(process.env, (error) => crashed.push(error.message))
  await assert.rejects(
    launch({} as TrainingJob, () => undefined, new AbortController().signal),
    {
      reason: 'crashed',
    },
  )
  assert.equal(crashed.length, 1)
  assert.match(crashed[0]!, /trainer-process\.js/)
  const ending = new AbortController()
  const ended = launch({} as TrainingJob, () => undefined, ending.signal)
  ending.abort()
  await assert.rejects(ended, { reason: 'aborted' })
  assert.equal(crashed.length, 1)
})
