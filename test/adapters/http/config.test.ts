import assert from 'node:assert/strict'
import { test } from 'node:test'
import type {
  ConfigControl,
  ConfigState,
  HoldOutcome,
  PlanReport,
  ReloadOutcome,
} from '../../../src/ports/control/config.js'
import { serve, TOKEN } from './harness.js'

const CHANGE = { path: 'http.port', before: 1, after: 2, reload: 'process-restart', effect: 'refused' }
const STATE: ConfigState = { hash: 'abc', loadedAt: '', files: [], drift: false, lastReload: null }
const report: PlanReport = { hash: 'abc', possible: true, changes: [] }

function control(outcome: ReloadOutcome, held: HoldOutcome = { kind: 'done' }) {
  const asked: unknown[][] = []
  const configuration: ConfigControl = {
    configuration: () => ({ ...STATE, values: [] }),
    state: () => STATE,
    plan: (...what) => {
      asked.push(what)
      return what[0] === 'bad' ? { kind: 'invalid', problems: [] } : { kind: 'planned', report }
    },
    reload: async () => outcome,
    hold: async (...what) => {
      asked.push(what)
      return held
    },
  }
  return { asked, configuration }
}

const AUTHORIZATION = { authorization: `Bearer ${TOKEN}` }

test('the configuration is shown to everybody; whatever asks for a change needs the token', async (t) => {
  const { asked, configuration } = control({ kind: 'applied', report })
  const { server, get } = await serve(t, {}, { configuration })
  assert.equal((await get('/api/v1/config')).status, 200)
  const paths = [
    '/-/reload',
    '/api/v1/config/plan',
    '/api/v1/pipelines/p/pause',
    '/api/v1/pipelines/p/resume',
  ]
  for (const path of paths) {
    assert.equal((await fetch(server.url + path, { method: 'POST' })).status, 401, path)
  }
  assert.deepEqual(asked, [])
})

for (const [outcome, status, code] of [
  [{ kind: 'applied', report }, 200, undefined],
  [{ kind: 'unchanged', report }, 200, undefined],
  [{ kind: 'refused', report: { ...report, possible: false, changes: [CHANGE] } }, 409, 'needs-restart'],
  [{ kind: 'failed', report, why: 'no broker' }, 503, 'unavailable'],
  [{ kind: 'invalid', problems: [{ path: 'a', value: 1, expected: 'b' }] }, 422, 'bad-configuration'],
] as const) {
  test(`a reload that is ${outcome.kind} answers ${String(status)}`, async (t) => {
    const { configuration } = control(outcome)
    const { server } = await serve(t, {}, { configuration })
    const answer = await fetch(`${server.url}/-/reload`, { method: 'POST', headers: AUTHORIZATION })
    const body = (await answer.json()) as { readonly error?: { readonly code: string } }
    assert.deepEqual([answer.status, body.error?.code], [status, code])
  })
}

test('a plan is of the files, or of the text that is sent, in JSON5 or YAML', async (t) => {
  const { asked, configuration } = control({ kind: 'applied', report })
  const { server } = await serve(t, {}, { configuration })
  const plan = (body?: string, type = 'application/json5') =>
    fetch(`${server.url}/api/v1/config/plan`, {
      method: 'POST',
      headers: { ...AUTHORIZATION, ...(body === undefined ? {} : { 'content-type': type }) },
      ...(body === undefined ? {} : { body }),
    })
  assert.deepEqual(await (await plan()).json(), report)
  await plan('{}')
  await plan('a: 1', 'application/yaml')
  assert.equal((await plan('bad')).status, 422)
  assert.deepEqual(asked, [
    [null, 'json5'],
    ['{}', 'json5'],
    ['a: 1', 'yaml'],
    ['bad', 'json5'],
  ])
})

test('a pipeline is paused and resumed by name', async (t) => {
  const { asked, configuration } = control({ kind: 'applied', report })
  const { server } = await serve(t, {}, { configuration })
  const post = (verb: string) =>
    fetch(`${server.url}/api/v1/pipelines/p/${verb}`, { method: 'POST', headers: AUTHORIZATION })
  assert.deepEqual(await (await post('pause')).json(), { pipeline: 'p', paused: true })
  assert.deepEqual(await (await post('resume')).json(), { pipeline: 'p', paused: false })
  assert.deepEqual(asked, [
    ['p', true],
    ['p', false],
  ])
})

test('what cannot be resumed, or is not there, is told', async (t) => {
  for (const [held, status] of [
    [{ kind: 'not-possible', why: 'because' }, 409],
    [{ kind: 'unknown-pipeline' }, 404],
  ] as const) {
    const { server } = await serve(
      t,
      {},
      { configuration: control({ kind: 'applied', report }, held).configuration },
    )
    const path = `${server.url}/api/v1/pipelines/p/resume`
    assert.equal((await fetch(path, { method: 'POST', headers: AUTHORIZATION })).status, status)
  }
})
