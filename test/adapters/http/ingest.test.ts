import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrokerError } from '../../../src/ports/broker.js'
import { serve, TOKEN } from './harness.js'

const LINE = '{"series":"a","ts":"2025-01-01T00:00:00Z","value":1.5}'

test('an observation is appended under its series, with whatever else it carries', async (t) => {
  const { post, appended } = await serve(t)
  const answer = await post('{"series":"a","ts":1,"value":null,"covariates":{"temperature":3}}\n')
  assert.deepEqual([answer.status, answer.body], [200, { accepted: 1, rejected: [] }])
  assert.deepEqual(appended, [
    { topic: 't', records: [{ key: 'a', value: '{"ts":1,"value":null,"covariates":{"temperature":3}}' }] },
  ])
})

test('a record is appended as it is, with its own time stamp', async (t) => {
  const { post, appended } = await serve(t)
  await post(
    '{"key":"k","value":{"time":1,"load":2},"timestamp":1700000000000}\r\n\r\n{"key":"k","value":"up"}',
  )
  assert.deepEqual(appended[0]?.records, [
    { key: 'k', value: '{"time":1,"load":2}', timestamp: 1_700_000_000_000 },
    { key: 'k', value: '"up"' },
  ])
})

test('any content type will do, as curl sends a form by default', async (t) => {
  const { post } = await serve(t)
  for (const type of [
    'application/x-www-form-urlencoded',
    'application/json',
    'application/x-ndjson',
    'text/plain; charset=utf-8',
  ]) {
    assert.equal((await post(LINE, { 'content-type': type })).status, 200, type)
  }
  assert.equal((await post(new TextEncoder().encode(LINE))).status, 200, 'none at all')
})

test('lines that are no records are rejected one by one, and the rest is appended in one go', async (t) => {
  const { post, appended } = await serve(t)
  const bad: readonly (readonly [string, RegExp])[] = [
    ['7', /not an object/],
    ['[{}]', /not an object/],
    ['{"ts":1,"value":2}', /neither "series".*nor "key"/],
    ['{"series":"a","value":2}', /no "ts"/],
    ['{"series":"a","ts":2}', /no "value"/],
    ['{"series":7,"ts":1,"value":2}', /"series" is not a text/],
    ['{"key":"","value":2}', /"key" is not a text, or empty/],
    ['{"key":"a"}', /no "value"/],
    ['{"key":"a","value":1,"timestamp":"now"}', /milliseconds/],
    ['{"key":"a","value":1,"ts":3}', /"ts" beside "key"/],
    ['{"series":"\\ud800","ts":1,"value":2}', /Unicode/],
    ['{"series":"a","ts":1,"value":1e999}', /too large/],
  ]
  const { status, body } = await post([LINE, ...bad.map(([line]) => line), LINE].join('\n'))
  const rejected = body['rejected'] as { line: number; reason: string }[]
  assert.deepEqual([status, body['accepted']], [200, 2])
  assert.deepEqual(
    rejected.map(({ line }) => line),
    bad.map((_, i) => i + 2),
  )
  for (const [i, [, reason]] of bad.entries()) assert.match(rejected[i]?.reason ?? '', reason)
  assert.equal(appended.length, 1)
  assert.equal(appended[0]?.records.length, 2)
})

test('a request of which nothing was used is not a success', async (t) => {
  const { post, appended } = await serve(t)
  assert.deepEqual((await post('{}')).status, 422)
  assert.equal((await post('')).body.error?.code, 'no-records')
  assert.equal((await post('\n \n')).status, 400)
  assert.deepEqual(appended, [])
})

test('a line that is not JSON fails the whole body, names the line and appends nothing', async (t) => {
  const { post, appended } = await serve(t)
  const answer = await post(`${LINE}\n\n{"series":"a","ts":1,`)
  const { error } = answer.body
  assert.deepEqual([answer.status, error?.code, error?.['line']], [400, 'bad-json', 3])
  assert.match(error?.message ?? '', /Line 3/)
  assert.equal((await post(new Uint8Array([0xff, 0xfe, 0x7b]))).body.error?.code, 'bad-request')
  assert.deepEqual(appended, [])
})

test('names that objects inherit are data like any other', async (t) => {
  const { post, appended } = await serve(t)
  await post('{"series":"__proto__","ts":1,"value":2,"__proto__":{"x":1},"constructor":3}')
  assert.deepEqual(appended[0]?.records, [
    { key: '__proto__', value: '{"ts":1,"value":2,"__proto__":{"x":1},"constructor":3}' },
  ])
})

test('a body or a number of records over the limit is refused as a whole', async (t) => {
  const { post, appended } = await serve(t)
  const tooLarge = await post(`${LINE}\n`.repeat(200))
  assert.deepEqual([tooLarge.status, tooLarge.body.error?.code], [413, 'too-large'])
  const tooMany = await post('{"key":"a","value":1}\n'.repeat(51))
  assert.deepEqual([tooMany.status, tooMany.body.error?.code], [413, 'too-many-records'])
  assert.equal((await post('{"key":"a","value":1}\n'.repeat(50))).status, 200)
  assert.equal(appended.length, 1)
})

test('JSON nested without end is refused and breaks nothing', async (t) => {
  const { post } = await serve(t, {}, { maxBodyBytes: 1_000_000 })
  const depth = 200_000
  const { status, text } = await post(`{"key":"a","value":${'['.repeat(depth)}${']'.repeat(depth)}}`)
  assert.ok(status === 400 || status === 422, text)
  assert.equal((await post(LINE)).status, 200)
})

test('without the token nothing is appended, and the two ways of failing are told apart', async (t) => {
  const { post, appended } = await serve(t)
  for (const authorization of ['', 'Bearer', `Basic ${TOKEN}`, TOKEN]) {
    const answer = await post(LINE, { authorization })
    assert.deepEqual([answer.status, answer.body.error?.code], [401, 'token-missing'], authorization)
    assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer/)
  }
  for (const wrong of ['x', TOKEN.slice(0, -1), `${TOKEN}0`, TOKEN.toUpperCase()]) {
    const answer = await post(LINE, { authorization: `Bearer ${wrong}` })
    assert.deepEqual([answer.status, answer.body.error?.code], [403, 'token-wrong'], wrong)
    assert.doesNotMatch(answer.text, new RegExp(TOKEN))
  }
  assert.deepEqual(appended, [])
  assert.equal((await post(LINE, { authorization: `bearer ${TOKEN}` })).status, 200)
})

test('back-pressure is 429 with the time to wait', async (t) => {
  const { post } = await serve(t, { ingest: async () => ({ kind: 'busy', retryAfterSeconds: 1.2 }) })
  const answer = await post(LINE)
  assert.deepEqual(
    [answer.status, answer.headers.get('retry-after'), answer.body.error?.code],
    [429, '2', 'busy'],
  )
})

test('an unknown topic is answered with those there are', async (t) => {
  const { post } = await serve(t, { ingest: async () => ({ kind: 'unknown-topic' }) })
  const { status, body } = await post(LINE, {}, 'tt')
  assert.deepEqual([status, body.error?.code, body.error?.['topics']], [404, 'unknown-topic', ['t']])
})

test("a failing log is told by what to do about it, and an unforeseen failure by nothing but the daemon's log", async (t) => {
  let error: Error = new BrokerError('disk-full', 'MDB_MAP_FULL at /secret/path')
  const { post, log } = await serve(t, { ingest: () => Promise.reject(error) })
  for (const [thrown, status, code] of [
    [error, 507, 'disk-full'],
    [new BrokerError('too-large', 'x'), 413, 'too-large'],
    [new BrokerError('unavailable', 'x', true), 503, 'unavailable'],
    [new Error('at /secret/path'), 500, 'internal'],
  ] as const) {
    error = thrown
    const answer = await post(LINE)
    assert.deepEqual([answer.status, answer.body.error?.code], [status, code])
    assert.doesNotMatch(answer.text, /secret|\.js|stack/)
  }
  assert.match(log.join(''), /at \/secret\/path/)
})

test('a compressed body is refused by name and not taken for broken JSON', async (t) => {
  const { post } = await serve(t)
  assert.equal((await post(LINE, { 'content-encoding': 'gzip' })).body.error?.code, 'unsupported-encoding')
})
