import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ModelError,
  type ModelsStatus,
  type PipelineModels,
  type RollbackTarget,
} from '../../../src/ports/control/models.js'
import { serve, TOKEN } from './harness.js'

const STATUS: ModelsStatus = { pipeline: 'p', champion: 2, serving: 2, goesBackTo: 1, models: [] }
const HEADERS = { authorization: `Bearer ${TOKEN}` }

function control(done: unknown[], more: Partial<PipelineModels> = {}): PipelineModels {
  return {
    status: () => STATUS,
    promote: async (version, note) => void done.push(['promote', version, note]),
    rollback: async (to: RollbackTarget | undefined, note) => void done.push(['rollback', to, note]),
    export: () => new Uint8Array(),
    import: async (file) => {
      done.push(['import', file.length])
      throw new ModelError('bad-file', 'This cannot be imported: it is a test.')
    },
    prune: async (keep) => {
      done.push(['prune', keep])
      return [1]
    },
    ...more,
  }
}

test('models are read without the token, and changed with it', async (t) => {
  const done: unknown[] = []
  const desk = control(done)
  const models = { models: (name: string) => (name === 'p' ? desk : undefined) }
  const { server, get } = await serve(t, {}, { models })
  const post = async (path: string, body = '', headers: Record<string, string> = HEADERS) => {
    const url = `${server.url}/api/v1/pipelines/${path}`
    const response = await fetch(url, { method: 'POST', body, headers })
    return [response.status, (await response.json()) as Record<string, unknown>] as const
  }
  assert.deepEqual((await get('/api/v1/pipelines/p/models')).body, STATUS)
  assert.equal((await get('/api/v1/pipelines/p/models/7')).body.error?.code, 'unknown-version')
  assert.equal((await get('/api/v1/pipelines/q/models')).status, 404)
  for (const path of ['p/models', 'p/models/1/promote', 'p/models/rollback', 'p/models/prune']) {
    assert.equal((await post(path, '', {}))[0], 401, path)
  }
  assert.deepEqual(done, [])
  assert.deepEqual(await post('p/models/1/promote', '{"reason":"it is better"}'), [
    200,
    { champion: 2, serving: 2 },
  ])
  assert.equal((await post('p/models/rollback'))[0], 200)
  assert.equal((await post('p/models/rollback', '{"to":"baseline"}'))[0], 200)
  assert.equal((await post('p/models', 'nonsense'))[0], 400)
  assert.deepEqual(await post('p/models/prune?keep=3'), [200, { removed: [1] }])
  assert.deepEqual(done, [
    ['promote', 1, 'it is better'],
    ['rollback', undefined, ''],
    ['rollback', 'baseline', ''],
    ['import', 8],
    ['prune', 3],
  ])
  for (const body of ['{', '{"to":0}', '{"to":"other"}', '{"reason":7}']) {
    assert.equal((await post('p/models/rollback', body))[0], 400, body)
  }
  assert.equal((await post('p/models/x/promote'))[0], 400)
  assert.equal((await post('q/models/rollback'))[0], 404)
})

test('a network that is long in coming is accepted, and the answer says what forecasts meanwhile', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const slow = control([], {
    status: () => ({ ...STATUS, serving: 1 }),
    promote: () => {
      queueMicrotask(() => {
        t.mock.timers.tick(10_000)
      })
      return new Promise<void>(() => undefined)
    },
  })
  const { server } = await serve(t, {}, { models: { models: () => slow } })
  const answer = await fetch(`${server.url}/api/v1/pipelines/p/models/2/promote`, {
    method: 'POST',
    headers: HEADERS,
  })
  assert.equal(answer.status, 202)
  assert.deepEqual(await answer.json(), { champion: 2, serving: 1 })
})
