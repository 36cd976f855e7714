import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { DaemonProcess } from '../../support/daemon-process.js'
import { withDataDirectory } from '../../support/house.js'

const PRELOAD = new URL('../../support/mischief.js', import.meta.url).href
const BINARY = fileURLToPath(new URL('../../../../bin/tidecast.js', import.meta.url))

/** By the variable that gives it. */
const SECRETS = {
  TIDECAST_HTTP_TOKEN: 'tell-nobody-http-0123456789',
  TIDECAST_BROKER_KAFKA_SASL_PASSWORD: 'tell-nobody-"kafka" 0123456789',
  TIDECAST_BROKER_KAFKA_SASL_OAUTH_CLIENT_SECRET: 'tell-nobody-oauth-0123456789',
  TIDECAST_SCHEMA_REGISTRY_PASSWORD: 'tell-nobody-registry-0123456789',
} as const
/** What a stranger tries is not to be found in a log either: it may be the token of another daemon. */
const GUESS = 'a-guess-that-is-somebodys-token'

test('secrets are in no log line, answer, metric, printed configuration, process argument, file or crash report, whatever fails', async () => {
  // A registry that denies every login, and shows in its answer what it was sent.
  const registry = createServer((request, response) => {
    response.writeHead(401, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify({ error_code: 40101, message: `no: ${String(request.headers.authorization)}` }),
    )
  })
  registry.listen(0, '127.0.0.1')
  await once(registry, 'listening')
  const { port } = registry.address() as AddressInfo
  try {
    await withDataDirectory(async (dataDir) => {
      const config = {
        log: { level: 'trace', format: 'json' },
        engine: { backend: 'cpu' },
        broker: { kafka: { sasl: { username: 'tidecast' } } },
        schemaRegistry: { url: `http://127.0.0.1:${String(port)}`, username: 'tidecast' },
        pipelines: {
          plain: { interval: '1h', season: 'none', training: { enabled: false } },
          avro: { interval: '1h', season: 'none', training: { enabled: false }, encoding: { input: 'avro' } },
        },
      }
      const daemon = await DaemonProcess.start(dataDir, config, 0, {
        ...SECRETS,
        MISCHIEF: 'throw',
        NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --import ${PRELOAD}`,
      })
      const seen = new Map<string, string>()
      const lines: string[] = []
      daemon.onLine((line) => lines.push(line))
      try {
        const url = await daemon.listening
        const ask = async (what: string, path: string, init: RequestInit = {}): Promise<void> => {
          const response = await fetch(url + path, init)
          const headers = JSON.stringify([...response.headers])
          seen.set(what, `${String(response.status)} ${headers} ${await response.text()}`)
        }
        const as = (token: string): RequestInit => ({
          method: 'POST',
          headers: { authorization: `Bearer ${token}` },
          body: '{"series":"a","ts":"2026-01-01T00:00:00Z","value":1}',
        })
        const records = '/api/v1/topics/plain/records'
        await ask('append', records, as(SECRETS.TIDECAST_HTTP_TOKEN))
        await ask('append to the registry', '/api/v1/topics/avro/records', as(SECRETS.TIDECAST_HTTP_TOKEN))
        await ask('denied', records, as(GUESS))
        await ask('in the path', `/api/v1/pipelines/plain?token=${GUESS}`, {})
        await ask('reload', '/-/reload', as(SECRETS.TIDECAST_HTTP_TOKEN))
        await ask('plan', '/api/v1/config/plan', { ...as(SECRETS.TIDECAST_HTTP_TOKEN), body: 'http: {' })
        const { paths } = await daemon.get<{ paths: Record<string, { get?: object }> }>(
          '/api/v1/openapi.json',
        )
        for (const [path, { get }] of Object.entries(paths)) {
          if (get === undefined || path === '/api/v1/events') continue
          await ask(path, path.replace('{pipeline}', 'plain').replace(/\{\w+\}/g, '1') + '?series=a')
        }
        assert.match(seen.get('append')!, /^200 /)
        assert.match(seen.get('append to the registry')!, /^503 /)
        assert.match(seen.get('/api/v1/config')!, /\*{8}/)
        assert.match(seen.get('/metrics')!, /tidecast_http_requests_total/)

        const pids = [daemon.pid, ...children(daemon.pid)]
        for (const pid of pids)
          seen.set(`arguments of ${String(pid)}`, readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8'))
        const options = ['-c', join(dataDir, 'tidecast.json5'), '--set', `dataDir=${dataDir}`]
        for (const args of [['show'], ['show', '--json'], ['show', '--origins'], ['check']]) {
          const outcome = await tidecast(['config', ...args, ...options])
          assert.equal(outcome.code, 0, outcome.text)
          seen.set(`config ${args.join(' ')}`, outcome.text)
        }
        daemon.signal('SIGUSR2')
        assert.equal((await daemon.ended).code, 70)
        seen.set('log', `${lines.join('\n')}\n${daemon.stderr}`)
        assert.ok(lines.some((line) => line.includes('"component":"http"')))
      } finally {
        await daemon.kill()
      }
      const files = readdirSync(dataDir, { recursive: true, withFileTypes: true }).filter((file) =>
        file.isFile(),
      )
      for (const { parentPath, name } of files) seen.set(name, readFileSync(join(parentPath, name), 'latin1'))
      assert.ok([...seen.keys()].some((name) => name.startsWith('crash-')))
      for (const [what, text] of seen) {
        for (const secret of Object.values(SECRETS)) {
          for (const form of forms(secret)) assert.ok(!text.includes(form), `${form} is in ${what}`)
        }
        if (what === 'log' || what.startsWith('crash-'))
          assert.ok(!text.includes(GUESS), `the guess is in ${what}`)
      }
    })
  } finally {
    registry.closeAllConnections()
    registry.close()
  }
})

/** As it is, and as it may look inside of something else. */
function forms(secret: string): Set<string> {
  const json = JSON.stringify(secret).slice(1, -1)
  const basic = Buffer.from(`tidecast:${secret}`).toString('base64')
  return new Set([secret, json, JSON.stringify(json).slice(1, -1), encodeURIComponent(secret), basic])
}

function children(pid: number): number[] {
  const text = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8').trim()
  return text === '' ? [] : text.split(' ').map(Number)
}

function tidecast(args: readonly string[]): Promise<{ readonly code: number; readonly text: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [BINARY, ...args],
      { env: { ...process.env, ...SECRETS } },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), text: stdout + stderr })
      },
    )
  })
}
