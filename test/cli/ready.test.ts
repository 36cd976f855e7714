import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import process from 'node:process'
import { test, type TestContext } from 'node:test'

const binary = join(import.meta.dirname, '..', '..', '..', 'bin', 'tidecast.js')

interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

async function ready(...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [binary, 'ready', ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

/** Answers 503 to the first `refusals` questions. */
async function daemonLike(context: TestContext, refusals: number): Promise<string> {
  let asked = 0
  const server = createServer((request, response) => {
    if (request.url === '/healthz') response.end('{"status":"ok"}')
    else if (asked++ < refusals) {
      response.writeHead(503).end('{"status":"not ready","reason":"load: restoring"}')
    } else response.end('{"status":"ready"}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
}

test('says why a daemon is not ready, and that it lives', async (context) => {
  const url = await daemonLike(context, 1000)
  const [unready, alive] = await Promise.all([ready('--url', url), ready('--url', url, '--live')])
  assert.equal(unready.code, 1)
  assert.match(unready.stderr, /not ready: load: restoring/)
  assert.deepEqual(alive, { code: 0, stdout: 'alive\n', stderr: '' })
})

test('waits until the daemon forecasts, and no longer than it was told to', async (context) => {
  const [soon, never] = [await daemonLike(context, 3), await daemonLike(context, 1000)]
  const [waited, gaveUp] = await Promise.all([
    ready('--url', soon, '--wait', '1m'),
    ready('--url', never, '--wait', '500ms'),
  ])
  assert.deepEqual(waited, { code: 0, stdout: 'ready\n', stderr: '' })
  assert.equal(gaveUp.code, 1)
  assert.match(gaveUp.stderr, /not within 500ms: not ready: load: restoring/)
})

test('a daemon that is not there is told by its address', async () => {
  const { code, stderr } = await ready('--set', 'http.port=1')
  assert.equal(code, 1)
  assert.match(stderr, /no daemon answers at http:\/\/127\.0\.0\.1:1: .*/)
})
