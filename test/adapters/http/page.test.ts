import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { PageFile } from '../../../src/adapters/http/page-files.js'
import { serve } from './harness.js'

function file(type: string, text: string): PageFile {
  const plain = Buffer.from(text)
  return { type, etag: `"${text.length}"`, plain, gzipped: gzipSync(plain) }
}

const page = new Map([
  ['index.html', file('text/html; charset=utf-8', '<p>the page</p>')],
  ['page-ABC.js', file('text/javascript; charset=utf-8', 'run()')],
])
const HTML = { accept: 'text/html,*/*' }

test('browsers get the page at /, everything else the list of what there is', async (t) => {
  const { server, get } = await serve(t, {}, { page })
  const answer = await fetch(`${server.url}/`, { headers: HTML })
  assert.equal(await answer.text(), '<p>the page</p>')
  assert.equal(answer.headers.get('content-encoding'), 'gzip')
  assert.equal(answer.headers.get('cache-control'), 'no-cache')
  assert.match(answer.headers.get('vary') ?? '', /accept/)
  assert.ok('endpoints' in (await get('/')).body)
})

test('the page may load only what the daemon serves, and nothing inline', async (t) => {
  const { server } = await serve(t, {}, { page })
  const { headers } = await fetch(`${server.url}/`, { headers: HTML })
  const policy = headers.get('content-security-policy') ?? ''
  assert.match(policy, /default-src 'none'/)
  assert.match(policy, /script-src 'self'(;|$)/)
  assert.match(policy, /style-src 'self'(;|$)/)
  assert.match(policy, /require-trusted-types-for 'script'/)
  assert.doesNotMatch(policy, /unsafe|https?:|\*/)
  assert.equal(headers.get('x-content-type-options'), 'nosniff')
})

test('files named by their content are kept for ever, the page is asked for again', async (t) => {
  const { server } = await serve(t, {}, { page })
  const script = await fetch(`${server.url}/page/page-ABC.js`)
  assert.equal(await script.text(), 'run()')
  assert.match(script.headers.get('cache-control') ?? '', /max-age=31536000, immutable/)
  const etag = (await fetch(`${server.url}/`, { headers: HTML })).headers.get('etag')!
  const again = await fetch(`${server.url}/`, { headers: { ...HTML, 'if-none-match': etag } })
  assert.equal(again.status, 304)
  for (const missing of ['index.html', 'page-ABD.js', '..%2Findex.html']) {
    assert.equal((await fetch(`${server.url}/page/${missing}`)).status, 404, missing)
  }
})

test('where the page has not been built, / tells browsers too what there is', async (t) => {
  const { server } = await serve(t)
  const answer = await fetch(`${server.url}/`, { headers: HTML })
  assert.ok('endpoints' in ((await answer.json()) as object))
})
