import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { startHttp } from '../../../src/adapters/http/server.js'
import { STATUS, TOKEN, serve } from './harness.js'

const TIMEOUTS = { request: 300, headers: 200, check: 50, drain: 100 }

/** Sends raw bytes and resolves with what came back when the other side has ended the connection, however it did. */
function raw(url: string, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  let received = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => (received += chunk))
  socket.on('error', () => socket.destroy())
  socket.write(bytes)
  return new Promise((resolve) => socket.on('close', () => resolve(received)))
}

const head = (length: number) =>
  `POST /api/v1/topics/t/records HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Length: ${length}\r\n\r\n`

test(
  'a sender that does not finish its body is cut off, and nothing of it is appended',
  { timeout: 20_000 },
  async (t) => {
    const { server, appended } = await serve(t, {}, { timeouts: TIMEOUTS })
    assert.match(await raw(server.url, `${head(1000)}{"key":"a","value":1}\n`), /^HTTP\/1\.1 408 /)
    assert.deepEqual(appended, [])
  },
)

test('a sender that does not finish its headers is cut off', { timeout: 20_000 }, async (t) => {
  const { server } = await serve(t, {}, { timeouts: TIMEOUTS })
  assert.match(await raw(server.url, 'GET / HTTP/1.1\r\nX-Slow: '), /^HTTP\/1\.1 408 /)
})

test('a body that claims to be too large is refused before it is sent', { timeout: 20_000 }, async (t) => {
  const { server } = await serve(t, {}, { timeouts: TIMEOUTS })
  assert.match(await raw(server.url, head(10_000_000)), /^HTTP\/1\.1 413 /)
})

test('a stranger is refused before the body is sent', { timeout: 20_000 }, async (t) => {
  const { server } = await serve(t, {}, { timeouts: TIMEOUTS })
  const request = head(1000).replace(TOKEN, 'someone-else')
  assert.match(await raw(server.url, request), /^HTTP\/1\.1 403 /)
})

test('what is not HTTP is told so, without a stack', { timeout: 20_000 }, async (t) => {
  const { server } = await serve(t, {}, { timeouts: TIMEOUTS })
  const garbage = await raw(server.url, 'hello\r\n\r\n')
  assert.match(garbage, /^HTTP\/1\.1 400 [^]*"code":"bad-request"/)
  assert.doesNotMatch(garbage, /\.js/)
  assert.match(
    await raw(server.url, `GET / HTTP/1.1\r\nX-Long: ${'x'.repeat(50_000)}\r\n\r\n`),
    /^HTTP\/1\.1 431 /,
  )
})

test('closing does not wait for a connection that never ends', { timeout: 20_000 }, async (t) => {
  const { server } = await serve(t, {}, { timeouts: { ...TIMEOUTS, request: 60_000, headers: 60_000 } })
  const hanging = raw(server.url, head(1000))
  assert.equal((await fetch(`${server.url}/healthz`)).status, 200)
  await server.close()
  await hanging
  await assert.rejects(fetch(`${server.url}/healthz`))
})

test('a port in use is named together with the setting that chooses another', async (t) => {
  const { server, telemetry } = await serve(t)
  const port = Number(new URL(server.url).port)
  const control = {
    alive: () => true,
    notReady: () => null,
    pipelines: () => [STATUS],
    latestForecast: async () => null,
    sample: async () => null,
    ingest: () => Promise.reject(new Error('unused')),
  }
  const options = {
    host: '127.0.0.1',
    port,
    token: () => TOKEN,
    maxBodyBytes: 1024,
    maxRecordsPerRequest: 1,
    control,
    telemetry,
  }
  await assert.rejects(startHttp(options), new RegExp(`port ${port}.*http\\.port`))
})
