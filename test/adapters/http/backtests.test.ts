import assert from 'node:assert/strict'
import { test } from 'node:test'
import type {
  BacktestControl,
  BacktestOutcome,
  BacktestProgress,
  BacktestStatus,
} from '../../../src/ports/control/backtests.js'
import { serve, TOKEN } from './harness.js'

const PROGRESS: BacktestProgress = {
  phase: 'training',
  model: 'gru',
  share: 0.5,
  etaSeconds: 3,
  done: 1,
  phases: 4,
}

test('data are backtested with the token only, with bounded options, and one set at a time', async (t) => {
  const asked: unknown[] = []
  let outcome: BacktestOutcome = { kind: 'started', id: 'b1' }
  const running: BacktestStatus = { id: 'b1', state: 'running', progress: PROGRESS, report: null, why: null }
  const backtests: BacktestControl = {
    start: async (csv, request) => {
      asked.push([Buffer.from(csv).toString(), { ...request }])
      return outcome
    },
    cancel: (id) => {
      asked.push(['cancel', id])
      return id === 'b1' ? { ...running, state: 'cancelled' } : undefined
    },
    status: (id) => (id === 'b1' ? running : undefined),
  }
  const { server, get } = await serve(t, {}, { backtests })
  const post = async (query: string, body = 'series,ts,value', token = TOKEN) =>
    fetch(`${server.url}/api/v1/backtests?${query}`, {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${token}` },
    })
  assert.equal((await post('interval=1h', 'x', 'no')).status, 403)
  assert.equal((await post('interval=1h', '')).status, 400)
  for (const wrong of [
    '',
    'interval=1h&horizon=0',
    'interval=1h&test=1',
    'interval=1h&test=Infinity',
    'interval=1h&file=/etc/passwd',
  ]) {
    assert.equal((await post(wrong)).status, 400, wrong)
  }
  assert.deepEqual(asked, [])
  const answer = await post('interval=1h')
  assert.equal(answer.status, 202)
  assert.deepEqual(await answer.json(), { id: 'b1' })
  assert.deepEqual(asked, [['series,ts,value', { interval: '1h', season: '24,168', horizon: 24, test: 0.2 }]])
  outcome = { kind: 'busy' }
  assert.equal((await post('interval=1h')).status, 429)
  outcome = { kind: 'refused', why: 'no such interval' }
  assert.equal((await post('interval=1x')).status, 400)
  const { body } = await get('/api/v1/backtests/b1')
  assert.equal(body['state'], 'running')
  assert.deepEqual(body['progress'], PROGRESS)
  assert.equal((await get('/api/v1/backtests/b2')).status, 404)
  asked.length = 0
  const end = async (id: string, token: string) => {
    const headers = { authorization: `Bearer ${token}` }
    return fetch(`${server.url}/api/v1/backtests/${id}`, { method: 'DELETE', headers })
  }
  assert.equal((await end('b1', 'no')).status, 403)
  assert.deepEqual(asked, [])
  const ended = await end('b1', TOKEN)
  assert.deepEqual(await ended.json(), { ...running, state: 'cancelled' })
  assert.equal((await end('b2', TOKEN)).status, 404)
})
