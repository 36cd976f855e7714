import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { startHttp } from '../../../src/adapters/http/server.js'
import { BrokerError } from '../../../src/ports/broker.js'
import type { Control, IngestOutcome } from '../../../src/ports/control.js'
import { createTelemetry } from '../../../src/telemetry/telemetry.js'
import { STATUS, TOKEN } from '../../adapters/http/harness.js'
import { openLog, recordsOf, replayCommand, sampleRows, sleepingTimer, workspace } from './harness.js'

type Before = (records: number) => IngestOutcome | null | Promise<IngestOutcome | null>

/** A log held as the daemon holds it, and its HTTP interface; `before` may answer in place of the log. */
async function daemon(t: TestContext, before: Before = () => null) {
  const cwd = workspace(t)
  const broker = await openLog(cwd)
  t.after(() => broker.close())
  await broker.ensureTopics([{ name: 't', partitions: 1 }])
  const control: Control = {
    alive: () => true,
    notReady: () => null,
    pipelines: () => [STATUS],
    latestForecast: async () => null,
    sample: async () => null,
    ingest: async (topic, records) => {
      if ((await broker.describe(topic)) === null) return { kind: 'unknown-topic' }
      const answer = await before(records.length)
      if (answer !== null) return answer
      await broker.append(
        records.map(({ key, value }) => ({ topic, key: Buffer.from(key), value: Buffer.from(value) })),
      )
      return { kind: 'appended', unfit: [] }
    },
  }
  const server = await startHttp({
    host: '127.0.0.1',
    port: 0,
    token: () => TOKEN,
    maxBodyBytes: 4096,
    maxRecordsPerRequest: 30,
    control,
    telemetry: createTelemetry({
      level: 'error',
      format: 'json',
      version: 'test',
      destination: { write: () => undefined },
    }),
  })
  t.after(() => server.close())
  mkdirSync(join(cwd, 'data'), { recursive: true })
  writeFileSync(join(cwd, 'data', 'token'), `${TOKEN}\n`)
  const env = {
    TIDECAST_HTTP_PORT: new URL(server.url).port,
    TIDECAST_HTTP_MAX_RECORDS_PER_REQUEST: '30',
    TIDECAST_HTTP_MAX_BODY: '4096',
  }
  return { cwd, env, broker }
}

const ARGV = ['rows.csv', '--topic', 't']

test('while a daemon holds the log, every row goes through its HTTP interface once and in order', async (t) => {
  const sizes: number[] = []
  const { cwd, env, broker } = await daemon(t, (records) => {
    sizes.push(records)
    return null
  })
  const { csv, records } = sampleRows(1000)
  writeFileSync(join(cwd, 'rows.csv'), csv)
  const { code, out, err, error } = await replayCommand([...ARGV, '--json'], { cwd, env })
  assert.deepEqual([code, error], [0, null])
  assert.match(err, /through the daemon at http:\/\/127\.0\.0\.1:/)
  assert.equal((JSON.parse(out) as { via: string }).via, 'http')
  assert.deepEqual(await recordsOf(broker), records)
  assert.ok(Math.max(...sizes) <= 30)
})

test('no request is larger than the limit of the body', async (t) => {
  const sizes: number[] = []
  const { cwd, env, broker } = await daemon(t, (records) => {
    sizes.push(records)
    return null
  })
  const series = 'ü'.repeat(400)
  const rows = Array.from({ length: 50 }, (_, i) => `${series},${i},1\n`)
  writeFileSync(join(cwd, 'rows.csv'), `series,ts,value\n${rows.join('')}`)
  assert.equal((await replayCommand(ARGV, { cwd, env })).error, null)
  assert.equal((await recordsOf(broker)).length, 50)
  assert.equal(Math.max(...sizes), 4)
})

test('a daemon with too much to do is left alone for as long as it asks, and nothing is lost or doubled', async (t) => {
  let requests = 0
  const { cwd, env, broker } = await daemon(t, () =>
    ++requests % 3 === 0 ? { kind: 'busy', retryAfterSeconds: 7 } : null,
  )
  const { csv, records } = sampleRows(200)
  writeFileSync(join(cwd, 'rows.csv'), csv)
  const timer = sleepingTimer()
  const { code } = await replayCommand(ARGV, { cwd, env }, timer)
  assert.equal(code, 0)
  assert.deepEqual(timer.slept, [7000, 7000, 7000])
  assert.deepEqual(await recordsOf(broker), records)
})

test('a replay that is interrupted while the daemon is busy stops, and goes on with each row appended once', async (t) => {
  let busy = false
  const { cwd, env, broker } = await daemon(t, () => {
    busy = !busy
    return busy ? null : { kind: 'busy', retryAfterSeconds: 1 }
  })
  const { csv, records } = sampleRows(100)
  writeFileSync(join(cwd, 'rows.csv'), csv)
  const stop = new AbortController()
  const { code, out } = await replayCommand(
    ARGV,
    { cwd, env, signal: stop.signal },
    sleepingTimer(() => stop.abort()),
  )
  assert.equal(code, 130)
  assert.match(out, /^Stopped after row 30 /)
  assert.deepEqual(await recordsOf(broker), records.slice(0, 30))
  assert.equal((await replayCommand(ARGV, { cwd, env }, sleepingTimer())).code, 0)
  assert.deepEqual(await recordsOf(broker), records)
})

test('a signal lets the request under way end and counts its rows', async (t) => {
  const stop = new AbortController()
  const { cwd, env, broker } = await daemon(t, () => {
    stop.abort()
    return null
  })
  const { csv, records } = sampleRows(100)
  writeFileSync(join(cwd, 'rows.csv'), csv)
  assert.match((await replayCommand(ARGV, { cwd, env, signal: stop.signal })).out, /^Stopped after row 30 /)
  assert.match((await replayCommand(ARGV, { cwd, env })).err, /resuming after row 30\n/)
  assert.deepEqual(await recordsOf(broker), records)
})

test('a refusal ends the replay with the reason; what was acknowledged is not sent again', async (t) => {
  let requests = 0
  const { cwd, env, broker } = await daemon(t, () => {
    if (++requests === 3) throw new BrokerError('disk-full', 'full')
    return null
  })
  const { csv, records } = sampleRows(100)
  writeFileSync(join(cwd, 'rows.csv'), csv)
  const { code, error, err } = await replayCommand(ARGV, { cwd, env })
  assert.equal(code, 1)
  assert.match(String(error), /refused the rows \(507\): The log has no room left/)
  assert.match(err, /the first 60 rows of .* are in topic "t"/)
  assert.equal((await replayCommand(ARGV, { cwd, env })).code, 0)
  assert.deepEqual(await recordsOf(broker), records)
})

test('an unknown topic is refused with the topics that there are', async (t) => {
  const { cwd, env } = await daemon(t)
  writeFileSync(join(cwd, 'rows.csv'), sampleRows(10).csv)
  const { code, error } = await replayCommand(['rows.csv', '--topic', 'tt'], { cwd, env })
  assert.equal(code, 1)
  assert.match(String(error), /There is no topic "tt"\. The daemon at .* reads: t \(pipeline p\)/)
})

test('the token of another daemon is told from a working one', async (t) => {
  const { cwd, env, broker } = await daemon(t)
  writeFileSync(join(cwd, 'rows.csv'), sampleRows(10).csv)
  const wrong = { ...env, TIDECAST_HTTP_TOKEN: 'of-some-other-daemon' }
  const { code, error } = await replayCommand(ARGV, { cwd, env: wrong })
  assert.equal(code, 1)
  assert.match(String(error), /does not take the token.*http\.port, http\.token and dataDir/)
  assert.deepEqual(await recordsOf(broker), [])
})

test('where the log is held and no daemon answers, the error names the holder and what to do', async (t) => {
  const { cwd } = await daemon(t)
  writeFileSync(join(cwd, 'rows.csv'), sampleRows(10).csv)
  for (const [port, reason] of [
    ['1', /no daemon answers at http:\/\/127\.0\.0\.1:1 \(/],
    ['0', /http\.port is 0/],
  ] as const) {
    const { code, error } = await replayCommand(ARGV, { cwd, env: { TIDECAST_HTTP_PORT: port } })
    assert.equal(code, 1)
    assert.match(String(error), reason)
    assert.match(String(error), /--set http\.port=.*in use by process 1 /s)
  }
})
