import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LearningControl, LearningStatus, TrainOutcome } from '../../../src/ports/control/learning.js'
import { serve, TOKEN } from './harness.js'

const STATUS: LearningStatus = {
  state: 'waiting',
  reason: null,
  text: 'nothing to do',
  progress: null,
  curve: [],
  gradient: null,
  drift: { score: 0, alarm: null },
  shadow: null,
  nextDue: null,
  decisions: [],
}

function control(asked: string[], outcome: TrainOutcome = { kind: 'queued' }): LearningControl {
  return {
    learning: (pipeline) => (pipeline === 'p' ? STATUS : undefined),
    train: (pipeline, note) => {
      asked.push(note)
      return pipeline === 'p' ? outcome : undefined
    },
  }
}

const HEADERS = { authorization: `Bearer ${TOKEN}` }

test('how a pipeline learns can be read without the token', async (t) => {
  const { get } = await serve(t, {}, { learning: control([]) })
  assert.deepEqual((await get('/api/v1/pipelines/p/learning')).body, STATUS)
  assert.equal((await get('/api/v1/pipelines/q/learning')).status, 404)
})

test('a training is asked for with the token, and with a note of bounded length', async (t) => {
  const asked: string[] = []
  const { server } = await serve(t, {}, { learning: control(asked) })
  const post = async (body: string, headers: Record<string, string> = HEADERS, pipeline = 'p') =>
    (await fetch(`${server.url}/api/v1/pipelines/${pipeline}/train`, { method: 'POST', body, headers }))
      .status
  assert.equal(await post('{}', {}), 401)
  assert.deepEqual(asked, [])
  assert.equal(await post('{"reason": "new meters"}'), 202)
  assert.equal(await post(''), 202)
  assert.deepEqual(asked, ['new meters', ''])
  assert.equal(await post('{"reason": 1}'), 400)
  assert.equal(await post('{'), 400)
  assert.equal(await post(JSON.stringify({ reason: 'x'.repeat(201) })), 400)
  assert.equal(await post('', HEADERS, 'q'), 404)
})

test('where it cannot be trained, the answer says why', async (t) => {
  const { server } = await serve(t, {}, { learning: control([], { kind: 'running' }) })
  const answer = await fetch(`${server.url}/api/v1/pipelines/p/train`, { method: 'POST', headers: HEADERS })
  assert.equal(answer.status, 409)
  assert.match(await answer.text(), /under way/)
})
