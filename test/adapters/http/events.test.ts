import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import type { Forecast } from '../../../src/core/forecast/format.js'
import type { ConfigControl, ConfigState } from '../../../src/ports/control/config.js'
import type { SeriesControl, SeriesNews } from '../../../src/ports/control/series.js'
import { EventReader } from '../../support/event-reader.js'
import { serve } from './harness.js'

const FORECAST = '{"series":"a","origin":"2026-01-01T00:00:00.000Z"}'

/** Only `since` is asked here. */
function views(
  since: (ts: number) => SeriesNews = () => ({ observations: [], forecast: null }),
  beside: SeriesControl['beside'] = () => ({ baseline: null, challenger: null }),
) {
  const refuse = (): Promise<undefined> => Promise.reject(new Error('not to be asked'))
  const series: SeriesControl = {
    list: refuse,
    state: refuse,
    history: refuse,
    forecasts: refuse,
    steps: refuse,
    whatIf: refuse,
    beside,
    since: (pipeline, _, ts) => (pipeline === 'p' ? since(ts) : undefined),
  }
  return { views: { series, problems: () => [] } }
}

test('status comes at once and again, without the token', async (t) => {
  const { server } = await serve(t, {}, views())
  const events = await EventReader.open(`${server.url}/api/v1/events`)
  t.after(() => events.close())
  for (let i = 0; i < 2; i++) {
    const { pipelines, notReady } = (await events.next('status')) as {
      pipelines: { name: string }[]
      notReady: null
    }
    assert.equal(pipelines[0]!.name, 'p')
    assert.equal(notReady, null)
  }
})

test('another configuration, a refused one and files that differ are told at once, and nothing twice', async (t) => {
  let state: ConfigState = { hash: 'a', loadedAt: '', files: [], drift: false, lastReload: null }
  const refuse = (): never => assert.fail('not to be asked')
  const configuration: ConfigControl = {
    configuration: refuse,
    state: () => state,
    plan: refuse,
    reload: refuse,
    hold: refuse,
  }
  const { server } = await serve(t, {}, { ...views(), configuration })
  const events = await EventReader.open(`${server.url}/api/v1/events`)
  t.after(() => events.close())
  assert.deepEqual(await events.next('reload'), state)
  await events.next('status')
  state = { ...state, hash: 'b', drift: true }
  assert.deepEqual(await events.next('reload'), state)
  state = { ...state, drift: false }
  assert.deepEqual(await events.next('reload'), state)
})

test('what others say of a series is told when it is something new, also a little later than the forecast', async (t) => {
  let asked = 0
  const forecastOf = (model: string) => ({ ...(JSON.parse(FORECAST) as Forecast), model })
  const baseline = forecastOf('baseline@1')
  // The network in the shadow steps after the one that publishes.
  const beside = () => ({ baseline, challenger: asked++ < 2 ? null : forecastOf('gru@2') })
  const once = (ts: number): SeriesNews =>
    ts < 1 ? { observations: [[1, 10]], forecast: FORECAST } : { observations: [], forecast: null }
  const { server } = await serve(t, {}, views(once, beside))
  const events = await EventReader.open(`${server.url}/api/v1/events?pipeline=p&series=a`)
  t.after(() => events.close())
  const named = { pipeline: 'p', series: 'a', baseline }
  assert.deepEqual(await events.next('beside'), { ...named, challenger: null })
  assert.deepEqual(await events.next('beside'), { ...named, challenger: forecastOf('gru@2') })
  await events.next('status')
  await events.next('status')
  assert.ok(asked < 6, 'while nothing comes, nothing is compared')
})

test('what comes of a series is told once, in order, and only what is newer', async (t) => {
  const all: [number, number | null][] = [
    [1, 10],
    [2, null],
  ]
  const { server } = await serve(
    t,
    {},
    views((ts) => ({ observations: all.filter(([at]) => at > ts), forecast: FORECAST })),
  )
  const events = await EventReader.open(`${server.url}/api/v1/events?pipeline=p&series=a`)
  t.after(() => events.close())
  assert.deepEqual(await events.next('observation'), {
    pipeline: 'p',
    series: 'a',
    observations: [
      [1, 10],
      [2, null],
    ],
  })
  assert.deepEqual(await events.next('forecast'), JSON.parse(FORECAST))
  all.push([3, 30])
  assert.deepEqual(await events.next('observation'), { pipeline: 'p', series: 'a', observations: [[3, 30]] })
})

test('a series of no pipeline, and half a choice, are refused', async (t) => {
  const { get } = await serve(t, {}, views())
  assert.equal((await get('/api/v1/events?pipeline=q&series=a')).body.error!.code, 'unknown-pipeline')
  assert.equal((await get('/api/v1/events?series=a')).status, 400)
})

test('a hundred clients are served, one more is sent away, and closing ends them all', async (t) => {
  const { server, get } = await serve(t, {}, views())
  const clients = await Promise.all(
    Array.from({ length: 100 }, () => EventReader.open(`${server.url}/api/v1/events`)),
  )
  const refused = await get('/api/v1/events')
  assert.equal(refused.status, 429)
  assert.equal(refused.headers.get('retry-after'), '10')
  await server.close()
  await Promise.all(clients.map((client) => client.ended))
})

test('a client that does not read is let go, and the others go on', async (t) => {
  const news = { observations: [[1, 1]] as [number, number][], forecast: `"${'x'.repeat(1 << 23)}"` }
  let ts = 0
  const { server } = await serve(
    t,
    {},
    views(() => ({ ...news, observations: [[++ts, 1]] })),
  )
  const { hostname, port } = new URL(server.url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  socket.write('GET /api/v1/events?pipeline=p&series=a HTTP/1.1\r\nHost: t\r\n\r\n')
  socket.pause()
  const gone = once(socket, 'close')
  const events = await EventReader.open(`${server.url}/api/v1/events`)
  t.after(() => events.close())
  // What it had received waits to be read: the end of it is seen after that.
  for (let i = 0; i < 3; i++) await events.next('status')
  socket.resume()
  await gone
  await events.next('status')
})
