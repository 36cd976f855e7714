import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Problem } from '../../../src/ports/control/problems.js'
import type { SeriesControl, SeriesQuery, TimeRange } from '../../../src/ports/control/series.js'
import { serve } from './harness.js'

const AT = '/api/v1/pipelines/p/series'
const PROBLEM: Problem = { severity: 'warning', pipeline: 'p', what: 'it is late', todo: 'Wait.' }

function views() {
  const asked: unknown[] = []
  const note = <T>(pipeline: string, answer: T, ...what: unknown[]): Promise<T | undefined> => {
    asked.push(what)
    return Promise.resolve(pipeline === 'p' ? answer : undefined)
  }
  const series: SeriesControl = {
    list: (pipeline, query: SeriesQuery) => note(pipeline, { total: 0, items: [] }, query),
    state: (pipeline, name) => note(pipeline, null, name),
    history: (pipeline, name, range: TimeRange) =>
      note(pipeline, { observations: [], complete: true }, name, range),
    forecasts: (pipeline, name, range) =>
      note(pipeline, { forecasts: [], complete: true, baseline: null, challenger: null }, name, range),
    steps: (pipeline, name, step, range) => note(pipeline, { rows: [], complete: true }, name, step, range),
    whatIf: (pipeline, name, values) =>
      note(pipeline, { kind: 'refused' as const, why: 'it is not' }, name, values),
    beside: (pipeline) => (pipeline === 'p' ? { baseline: null, challenger: null } : undefined),
    since: (pipeline) => (pipeline === 'p' ? { observations: [], forecast: null } : undefined),
  }
  return { asked, views: { series, problems: () => [PROBLEM] } }
}

test('series are listed with defaults, and only by parameters that there are', async (t) => {
  const { asked, views: given } = views()
  const { get } = await serve(t, {}, { views: given })
  assert.deepEqual((await get(AT)).body, { total: 0, items: [] })
  assert.deepEqual(asked, [[{ search: '', sort: 'series', offset: 0, limit: 100 }]])
  for (const wrong of ['sort=size', 'limit=0', 'limit=1001', 'offset=-1', 'serach=a', 'limit=x']) {
    const { status, body } = await get(`${AT}?${wrong}`)
    assert.equal(status, 400, wrong)
    assert.match(body.error!.message, new RegExp(`"${wrong.split('=')[0]!}"`))
  }
  assert.equal((await get('/api/v1/pipelines/q/series')).body.error!.code, 'unknown-pipeline')
})

test('a name arrives as it is, whatever it is made of, up to 10 kB', async (t) => {
  const { asked, views: given } = views()
  const { get } = await serve(t, {}, { views: given })
  const names = ['<script>"&\'', 'a/b?c#d%20', '🌊 ', 'שלום', 'a\u0000\n', '€'.repeat(3413)]
  for (const name of names) {
    const answer = await get(`${AT}/history?series=${encodeURIComponent(name)}`)
    assert.equal(answer.status, 200, answer.text)
    assert.equal(answer.headers.get('content-type'), 'application/json; charset=utf-8')
  }
  assert.deepEqual(
    asked.map((what) => (what as unknown[])[0]),
    names,
  )
  assert.equal((await get(`${AT}/history`)).status, 400)
  assert.equal((await get(`${AT}/state?series=a`)).body.error!.code, 'unknown-series')
})

test('times are ISO 8601 or milliseconds, and what is neither is told', async (t) => {
  const { asked, views: given } = views()
  const { get } = await serve(t, {}, { views: given })
  await get(`${AT}/forecasts?series=a&from=2026-01-01T00:00:00Z&to=1767225600001&limit=7`)
  await get(`${AT}/forecasts?series=a&step=3`)
  assert.deepEqual(asked, [
    ['a', { from: 1767225600000, to: 1767225600001, limit: 7 }],
    ['a', 3, { from: -Infinity, to: Infinity, limit: 100 }],
  ])
  assert.match(
    (await get(`${AT}/history?series=a&from=yesterday`)).body.error!.message,
    /"from" is not a time/,
  )
})

test('what is wrong can be read without the token', async (t) => {
  const { get } = await serve(t, {}, { views: views().views })
  assert.deepEqual((await get('/api/v1/problems')).body, { problems: [PROBLEM] })
})

test('what is supposed arrives as numbers, and anything else is told', async (t) => {
  const { asked, views: given } = views()
  const { server } = await serve(t, {}, { views: given })
  const post = async (body: string): Promise<{ status: number; code: string; message: string }> => {
    const answer = await fetch(`${server.url}/api/v1/pipelines/p/what-if`, { method: 'POST', body })
    const { error } = (await answer.json()) as { error: { code: string; message: string } }
    const { code, message } = error
    return { status: answer.status, code, message }
  }
  assert.deepEqual(await post('{"series":"<b>","values":[1.5,null]}'), {
    status: 422,
    code: 'not-possible',
    message: 'it is not.',
  })
  assert.deepEqual(asked, [['<b>', [1.5, NaN]]])
  assert.equal((await post('{"series"')).code, 'bad-json')
  for (const [body, named] of [
    ['{"series":"a","values":[]}', /"values" of the body/],
    ['{"series":"a","values":["x"]}', /"values\/0" of the body/],
    [`{"series":"a","values":[${'1,'.repeat(256)}1]}`, /"values" of the body/],
    ['{"values":[1]}', /series/],
    ['{"series":"a","values":[1],"token":1}', /"token"/],
  ] as const) {
    const { status, message } = await post(body)
    assert.equal(status, 400, body)
    assert.match(message, named)
  }
  assert.equal((await post(`{"series":"${'a'.repeat(70_000)}","values":[1]}`)).status, 413)
})
