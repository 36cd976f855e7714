import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serve, STATUS } from './harness.js'

test('a probe learns whether the daemon lives and why it is not ready', async (t) => {
  let [alive, reason]: [boolean, string | null] = [true, null]
  const { get } = await serve(t, { alive: () => alive, notReady: () => reason })
  assert.deepEqual([(await get('/healthz')).status, (await get('/readyz')).status], [200, 200])
  ;[alive, reason] = [false, 'p: restoring']
  assert.equal((await get('/healthz')).status, 503)
  const answer = await get('/readyz')
  assert.deepEqual([answer.status, answer.body['reason']], [503, 'p: restoring'])
})

test('pipelines are listed, one is found by its name, and another one is answered with those there are', async (t) => {
  const { get } = await serve(t)
  assert.deepEqual((await get('/api/v1/pipelines')).body, { pipelines: [STATUS] })
  assert.deepEqual((await get('/api/v1/pipelines/p')).body, STATUS)
  const missing = await get('/api/v1/pipelines/constructor')
  assert.deepEqual([missing.status, missing.body.error?.['pipelines']], [404, ['p']])
})

test('a forecast is found whatever its series is called', async (t) => {
  const ids = [
    'plain',
    'a/b',
    '../../etc/passwd',
    'ä ö',
    '🚦',
    '50%',
    'a?b#c',
    '%2F',
    ' ',
    'a;b=c',
    '\u0000',
    'k'.repeat(1024),
    '🚦'.repeat(256),
  ]
  const { get } = await serve(t, { latestForecast: async (_, series) => JSON.stringify({ series }) })
  for (const id of ids) {
    const { status, body } = await get(`/api/v1/pipelines/p/series/${encodeURIComponent(id)}/forecast`)
    assert.deepEqual([status, body['series']], [200, id])
  }
})

test('a series without a forecast is a 404 that says what the pipeline has', async (t) => {
  const { get } = await serve(t)
  const missing = await get('/api/v1/pipelines/p/series/nobody/forecast')
  assert.deepEqual([missing.status, missing.body.error?.code], [404, 'no-forecast'])
  assert.match(missing.body.error?.message ?? '', /"nobody" in "p", which has 2 series/)
  const unknown = await get('/api/v1/pipelines/q/series/a/forecast')
  assert.deepEqual([unknown.status, unknown.body.error?.code], [404, 'unknown-pipeline'])
})

test('a path that is not there is answered with the list of those that are', async (t) => {
  const { get } = await serve(t)
  for (const path of ['/api', '/api/v1/pipelines/p/series', '/index.html', '/api/v1/topics/t/records']) {
    const answer = await get(path)
    assert.equal(answer.status, 404, path)
    assert.ok(Object.hasOwn(answer.body.error?.['endpoints'] as object, 'GET /metrics'), path)
  }
  assert.ok(Object.hasOwn((await get('/')).body['endpoints'] as object, 'GET /readyz'))
  assert.equal((await get('/api/v1/pipelines/%zz')).body.error?.code, 'bad-request')
})

test('every answer forbids to render, frame, guess at or keep it, also those that fail', async (t) => {
  const { get, post } = await serve(t)
  for (const { headers } of [
    await get('/'),
    await get('/nowhere'),
    await get('/api/v1/pipelines/%zz'),
    await post('x', { authorization: '' }),
  ]) {
    assert.equal(headers.get('x-content-type-options'), 'nosniff')
    assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'/)
    assert.equal(headers.get('x-frame-options'), 'DENY')
    assert.equal(headers.get('cache-control'), 'no-store')
    assert.equal(headers.get('access-control-allow-origin'), null)
    assert.equal(headers.get('x-powered-by'), null)
  }
})

test('metrics count requests by the pattern of their route, never by path', async (t) => {
  const { get } = await serve(t, { latestForecast: async () => '{}' })
  await get('/api/v1/pipelines/p/series/first-id/forecast')
  await get('/api/v1/pipelines/p/series/second-id/forecast')
  await get('/not/there')
  const { text, headers } = await get('/metrics')
  assert.match(headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
  assert.match(
    text,
    /tidecast_http_requests_total\{method="GET",route="[^"]*\/series\/:series\/forecast",status="200"\} 2/,
  )
  assert.match(text, /tidecast_http_requests_total\{method="GET",route="unknown",status="404"\} 1/)
  assert.doesNotMatch(text, /first-id|not\/there/)
})

test('a sample is asked for with a length, temperature and seed within their bounds, and without a token', async (t) => {
  const asked: unknown[] = []
  const kinds = new Map<string, 'numbers' | null>([
    ['of numbers', 'numbers'],
    ['nobody', null],
  ])
  const { get } = await serve(t, {
    sample: async (pipeline, series, request) => {
      asked.push({ ...request })
      const found = kinds.get(series)
      return found === undefined
        ? { pipeline, series, origin: '', model: 'gru@1', ...request, symbols: ['x'] }
        : found
    },
  })
  const path = (series: string, query: string): string =>
    `/api/v1/pipelines/p/series/${encodeURIComponent(series)}/sample${query}`
  const { status, body } = await get(path('a/b', '?length=1000&temperature=0.5&seed=7'))
  assert.deepEqual([status, body['series'], body['symbols']], [200, 'a/b', ['x']])
  await get(path('a', ''))
  assert.deepEqual(asked, [
    { length: 1000, temperature: 0.5, seed: 7 },
    { length: 20, temperature: 1, seed: 1 },
  ])
  const wrong = ['length=1001', 'length=0', 'length=1.5', 'length=', 'length=1&length=2', 'temperature=0']
  for (const query of [...wrong, 'temperature=NaN', 'temperature=Infinity', 'seed=-1', 'seed=4294967296']) {
    const answer = await get(path('a', `?${query}`))
    assert.deepEqual([answer.status, answer.body.error?.code], [400, 'bad-request'], query)
    assert.ok(answer.body.error?.message.includes(`"${query.split('=')[0]!}"`), query)
  }
  assert.equal(asked.length, 2)
  assert.deepEqual((await get(path('of numbers', ''))).body.error?.code, 'bad-request')
  assert.deepEqual((await get(path('nobody', ''))).body.error?.code, 'no-forecast')
})
