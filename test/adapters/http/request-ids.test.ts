import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { serve } from './harness.js'

interface Line {
  readonly msg: string
  readonly requestId?: string
  readonly status?: number
}

const lines = (log: readonly string[]): Line[] => log.map((line) => JSON.parse(line) as Line)

test('an answer, the error in it and the line in the log have one id, also when the request failed inside', async (t) => {
  const { get, log } = await serve(t, { latestForecast: () => Promise.reject(new Error('inside')) })
  const ids: string[] = []
  for (const path of ['/nowhere', '/api/v1/pipelines/p/series/a/forecast', '/api/v1/pipelines/%zz']) {
    const { headers, body } = await get(path)
    const id = headers.get('x-request-id')!
    assert.match(id, /^[0-9a-f]{16}$/)
    assert.equal(body.error!['requestId'], id)
    ids.push(id)
  }
  assert.equal(new Set(ids).size, ids.length)
  const told = lines(log)
  assert.equal(told.find(({ msg }) => msg === 'request failed')?.requestId, ids[1])
  assert.equal(told.find(({ status }) => status === 404)?.requestId, ids[0])
})

test("a client's own id is taken up, unless it could do harm in a log", async (t) => {
  const { server } = await serve(t)
  const ask = async (given: string): Promise<string> => {
    const answer = await fetch(`${server.url}/nowhere`, { headers: { 'x-request-id': given } })
    return ((await answer.json()) as { error: { requestId: string } }).error.requestId
  }
  assert.equal(await ask('order-66.a_b'), 'order-66.a_b')
  for (const bad of ['', 'a b', '{"level":"fatal"}', 'x'.repeat(65)])
    assert.match(await ask(bad), /^[0-9a-f]{16}$/)
})

test('what never became a request is logged with the id that it was answered with', async (t) => {
  const { server, log } = await serve(t)
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  let answer = ''
  socket.setEncoding('utf8').on('data', (text: string) => (answer += text))
  socket.end('hello\r\n\r\n')
  await new Promise((resolve) => socket.once('close', resolve))
  const id = /X-Request-Id: (\S+)/.exec(answer)![1]!
  assert.ok(answer.includes(`"requestId":"${id}"`))
  assert.equal(lines(log).find(({ requestId }) => requestId === id)?.status, 400)
})
