import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect as connectPlain } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { pinnedFetch } from '../../../src/cli/http/pinned-fetch.js'
import { makeCertificate, withoutOpenssl, type MadeCertificate } from '../../support/certificates.js'
import { serve, TOKEN } from './harness.js'

const TIMEOUTS = { request: 300, headers: 200, check: 50, drain: 100 }
const OPTIONS = { skip: withoutOpenssl, timeout: 30_000 }

function certificates(t: TestContext, count: number): MadeCertificate[] {
  const dir = mkdtempSync(join(tmpdir(), 'tidecast-tls-'))
  t.after(() => rmSync(dir, { recursive: true }))
  return Array.from({ length: count }, (_, i) =>
    makeCertificate(join(dir, `${String(i)}.pem`), join(dir, `${String(i)}.key`)),
  )
}

async function open(url: string, ca: string, more: object = {}): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port), ca, ...more })
  await once(socket, 'secureConnect')
  return socket
}

/** What comes back until the other side ends the connection. */
async function answerTo(socket: TLSSocket, bytes: string): Promise<string> {
  let received = ''
  socket.setEncoding('utf8').on('data', (text: string) => (received += text))
  socket.on('error', () => socket.destroy())
  socket.write(bytes)
  await new Promise((resolve) => socket.on('close', resolve))
  return received
}

test(
  'over TLS it answers with its certificate, and shows another to whoever connects after a renewal',
  OPTIONS,
  async (t) => {
    const [first, second] = certificates(t, 2) as [MadeCertificate, MadeCertificate]
    const { server } = await serve(t, {}, { tls: first })
    assert.match(server.url, /^https:/)
    const before = await open(server.url, first.chain)
    assert.equal((await pinnedFetch(first.fingerprint)(`${server.url}/healthz`)).status, 200)
    server.renew(second)
    // A connection that there was goes on.
    assert.match(
      await answerTo(before, 'GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'),
      /^HTTP\/1\.1 200 /,
    )
    assert.equal((await pinnedFetch(second.fingerprint)(`${server.url}/healthz`)).status, 200)
    await assert.rejects(pinnedFetch(first.fingerprint)(`${server.url}/healthz`), /another certificate/)
    await assert.rejects(open(server.url, first.chain))
    await assert.rejects(open(server.url, second.chain, { maxVersion: 'TLSv1.1' }))
  },
)

test('a stranger in the place of the daemon is sent nothing, the token least of all', OPTIONS, async (t) => {
  const [ours, theirs] = certificates(t, 2) as [MadeCertificate, MadeCertificate]
  const { server, appended, log } = await serve(t, {}, { tls: theirs })
  const headers = { authorization: `Bearer ${TOKEN}` }
  await assert.rejects(
    pinnedFetch(ours.fingerprint)(`${server.url}/api/v1/topics/t/records`, {
      method: 'POST',
      headers,
      body: '{}',
    }),
    /another certificate/,
  )
  assert.deepEqual(appended, [])
  assert.deepEqual(
    log.filter((line) => line.includes('request answered')),
    [],
  )
})

test(
  'slow, oversized and malformed requests are cut off over TLS as well, and so is a handshake that is none',
  OPTIONS,
  async (t) => {
    const [made] = certificates(t, 1) as [MadeCertificate]
    const { server, appended } = await serve(t, {}, { tls: made, timeouts: TIMEOUTS })
    const raw = async (bytes: string): Promise<string> => answerTo(await open(server.url, made.chain), bytes)
    const head = (length: number): string =>
      `POST /api/v1/topics/t/records HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Length: ${String(length)}\r\n\r\n`
    assert.match(await raw('GET / HTTP/1.1\r\nX-Slow: '), /^HTTP\/1\.1 408 /)
    assert.match(await raw(`${head(1000)}{"key":"a","value":1}\n`), /^HTTP\/1\.1 408 /)
    assert.match(await raw(head(10_000_000)), /^HTTP\/1\.1 413 /)
    assert.match(await raw('hello\r\n\r\n'), /^HTTP\/1\.1 400 /)
    for (const bytes of ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', '\u0016\u0003\u0001']) {
      const socket = connectPlain(Number(new URL(server.url).port), '127.0.0.1')
      socket.on('error', () => socket.destroy())
      socket.resume()
      socket.write(bytes, 'latin1')
      await new Promise((resolve) => socket.on('close', resolve))
    }
    assert.deepEqual(appended, [])
    assert.equal((await pinnedFetch(made.fingerprint)(`${server.url}/healthz`)).status, 200)
  },
)
