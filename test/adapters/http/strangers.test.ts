import assert from 'node:assert/strict'
import { test } from 'node:test'
import { everything } from './everything.js'
import { serve, TOKEN } from './harness.js'

interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly security: readonly object[] }>>>>
}

/** Of the controls, what changes nothing. */
const READING = new Set([
  ...['control.alive', 'control.notReady', 'control.pipelines', 'control.latestForecast', 'control.sample'],
  ...['configuration.configuration', 'learning.learning', 'models.models', 'backtests.status'],
  ...['series.list', 'series.state', 'series.history', 'series.forecasts', 'series.since', 'series.whatIf'],
])
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

const WRONG: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['nothing', {}],
  ['another token', { authorization: `Bearer ${'f'.repeat(TOKEN.length)}` }],
  ['the beginning of the token', { authorization: `Bearer ${TOKEN.slice(0, -1)}` }],
  ['more than the token', { authorization: `Bearer ${TOKEN}0` }],
  ['the token and another', { authorization: `Bearer ${TOKEN} ${TOKEN}` }],
  ['the token without a scheme', { authorization: TOKEN }],
  ['the token as a password', { authorization: `Basic ${Buffer.from(`x:${TOKEN}`).toString('base64')}` }],
  [
    'the token elsewhere',
    { cookie: `token=${TOKEN}`, 'x-token': TOKEN, 'proxy-authorization': `Bearer ${TOKEN}` },
  ],
]

test('without the token nothing can be changed, whatever the route, the method and what comes in its place', async (t) => {
  const called: string[] = []
  const { server, get } = await serve(t, {}, everything(called))
  const { paths } = (await get('/api/v1/openapi.json')).body as unknown as Described
  const guarded = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations)
      .filter((method) => operations[method]!.security.length > 0)
      .map((method) => ({ path: filled(path), method: method.toUpperCase() })),
  )
  assert.ok(guarded.length >= 11, `only ${String(guarded.length)} routes take the token`)
  for (const { path, method } of guarded) {
    for (const [what, headers] of WRONG) {
      const answer = await fetch(`${server.url}${path}?token=${TOKEN}`, { method, headers, body: '{}' })
      assert.ok([401, 403].includes(answer.status), `${method} ${path} with ${what}: ${answer.status}`)
      assert.doesNotMatch(await answer.text(), new RegExp(TOKEN))
    }
  }
  assert.deepEqual(called, [])
  for (const path of [...Object.keys(paths).map(filled), '/nowhere', '/-/anything']) {
    if (path === '/api/v1/events') continue // does not end
    for (const method of METHODS) {
      const init =
        method === 'GET'
          ? {}
          : { body: '{"series":"a","values":[1]}', headers: { 'x-http-method-override': 'POST' } }
      await (await fetch(`${server.url}${path}?series=a&interval=1h`, { method, ...init })).arrayBuffer()
    }
  }
  assert.deepEqual(
    [...new Set(called)].filter((one) => !READING.has(one)),
    [],
  )
  assert.ok(called.length > 10)
})

test('with the token every one of these routes goes on to what it is for', async (t) => {
  const called: string[] = []
  const { server, get } = await serve(t, {}, everything(called))
  const { paths } = (await get('/api/v1/openapi.json')).body as unknown as Described
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, { security }] of Object.entries(operations)) {
      if (security.length === 0) continue
      const headers = { authorization: `bearer  ${TOKEN}` }
      const url = `${server.url}${filled(path)}${path.endsWith('backtests') ? '?interval=1h' : ''}`
      const { status } = await fetch(url, {
        method: method.toUpperCase(),
        headers,
        body: '{"series":"a","ts":1,"value":1}',
      })
      assert.ok(![401, 403, 405].includes(status), `${method} ${path}: ${status}`)
    }
  }
  const changing = [...new Set(called)].filter((one) => !READING.has(one))
  assert.deepEqual(changing.sort(), [
    ...[
      'backtests.cancel',
      'backtests.start',
      'configuration.hold',
      'configuration.plan',
      'configuration.reload',
    ],
    ...['control.ingest', 'learning.train'],
  ])
})

function filled(path: string): string {
  return path.replace('{version}', '1').replace(/\{\w+\}/g, 'p')
}
