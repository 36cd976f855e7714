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

test(
  'while a hundred senders are slow others are answered, and each of the hundred is cut off',
  { timeout: 30_000 },
  async (t) => {
    const { server, get, appended } = await serve(t, {}, { timeouts: TIMEOUTS })
    const slow = Array.from({ length: 100 }, (_, i) =>
      raw(server.url, i % 2 === 0 ? 'GET / HTTP/1.1\r\nX-Slow: ' : `${head(1000)}{"key":`),
    )
    assert.equal((await get('/healthz')).status, 200)
    for (const answer of await Promise.all(slow)) assert.match(answer, /^HTTP\/1\.1 408 /)
    assert.deepEqual(appended, [])
  },
)

test(
  'requests that could be read in two ways, or in none, are refused and end their connection',
  { timeout: 30_000 },
  async (t) => {
    const { server, appended } = await serve(t, {}, { timeouts: TIMEOUTS })
    const start = `POST /api/v1/topics/t/records HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\n`
    const record = '{"key":"a","value":1}'
    for (const bytes of [
      `${start}Content-Length: 21\r\nTransfer-Encoding: chunked\r\n\r\n${record}`,
      `${start}Content-Length: 21\r\nContent-Length: 3\r\n\r\n${record}`,
      `${start}Content-Length: -1\r\n\r\n${record}`,
      `${start}Content-Length: 1e3\r\n\r\n${record}`,
      `${start}Transfer-Encoding: chunked\r\n\r\nxyz\r\n${record}\r\n0\r\n\r\n`,
      `${start}Transfer-Encoding: chunked, identity\r\n\r\n15\r\n${record}\r\n0\r\n\r\n`,
      `${start}No colon\r\n\r\n`,
      `${start}X-Nul: a\u0000b\r\n\r\n`,
      'GET /\u0000 HTTP/1.1\r\nHost: x\r\n\r\n',
      'GET / HTTP/9.9\r\nHost: x\r\n\r\n',
      'GET / HTTP/1.1\r\n\r\n', // no Host
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      '\u0016\u0003\u0001\u0002\u0000\u0001\u0000',
      '\r\n'.repeat(1000) + '\u0000',
    ]) {
      assert.match(await raw(server.url, bytes), /^HTTP\/1\.1 (400|505) /, JSON.stringify(bytes))
    }
    const tooMuch = `${start}Transfer-Encoding: chunked\r\n\r\n${`400\r\n${'x'.repeat(1024)}\r\n`.repeat(5)}`
    assert.match(await raw(server.url, tooMuch), /^HTTP\/1\.1 413 /)
    assert.deepEqual(appended, [])
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200)
  },
)

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
