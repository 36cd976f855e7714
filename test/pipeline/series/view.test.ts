import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { after, before, test } from 'node:test'
import { openEmbeddedBroker, type EmbeddedBroker } from '../../../src/adapters/embedded/embedded-broker.js'
import type { Forecast } from '../../../src/core/forecast/format.js'
import type { Pipeline } from '../../../src/pipeline/pipeline.js'
import { systemClock } from '../../../src/ports/clock.js'
import type { LogRecord } from '../../../src/ports/broker.js'
import type { WhatIf } from '../../../src/ports/control/series.js'
import { pinNetwork } from '../../support/pinned-network.js'
import { startPipeline, type Account } from '../../support/pipeline-at-work.js'
import { pipelineConfig } from '../../support/pipeline-config.js'

const HOUR = 3_600_000
const NAMES = ['a', '<img src=x onerror=alert(1)>"\'', '🌊/שלום?&=%', 'é'.repeat(400)]
const HOURS = 300
const ALL = { from: -Infinity, to: Infinity, limit: 10_000 }
const config = pipelineConfig('p', {
  interval: '1h',
  season: [24, 48],
  horizon: 6,
  model: { hidden: 8, warmUp: 4 },
  training: { enabled: false },
})

let dir: string
let broker: EmbeddedBroker
let pipeline: Pipeline
let account: Account
let sent = 0
const forecasts = new Map<string, Forecast[]>()

function value(series: number, hour: number): number {
  return 100 * (series + 1) + 10 * Math.sin((hour * Math.PI) / 12) + ((hour * 7919) % 13)
}

async function send(rows: readonly { series: string; hour: number; value: number | null }[]): Promise<void> {
  await broker.append(
    rows.map(({ series, hour, value: observed }) => ({
      topic: config.topic,
      timestamp: hour * HOUR,
      key: Buffer.from(series),
      value: Buffer.from(JSON.stringify({ ts: hour * HOUR, value: observed })),
    })),
  )
  sent += rows.length
  await account.settled(sent)
}

async function read(topic: string): Promise<LogRecord[]> {
  const all: LogRecord[] = []
  for await (const records of broker.read(topic, 0, {})) all.push(...records)
  return all
}

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tidecast-view-'))
  broker = await openEmbeddedBroker({ dir, mapSizeBytes: 2 ** 30, clock: systemClock, pid: process.pid })
  await pinNetwork(broker.models, config, NAMES)
  ;({ pipeline, account } = await startPipeline(config, broker))
  // One hour of the second is missing.
  const hours = Array.from({ length: HOURS }, (_, hour) =>
    NAMES.flatMap((series, i) => (i === 1 && hour === 290 ? [] : [{ series, hour, value: value(i, hour) }])),
  )
  await send(hours.flat())
  for (const { key, value: json } of await read(config.output)) {
    const series = Buffer.from(key!).toString()
    const own = forecasts.get(series) ?? []
    forecasts.set(series, own)
    own.push(JSON.parse(Buffer.from(json!).toString()) as Forecast)
  }
})

after(async () => {
  await pipeline.stop()
  await broker.close()
  await rm(dir, { recursive: true })
})

for (const [i, series] of NAMES.entries()) {
  test(`of ${series.slice(0, 20)}, forecasts are told as they were published, also from memory`, async () => {
    const published = forecasts.get(series)!
    const first = await pipeline.series.forecasts(series, ALL)
    assert.deepEqual(first.forecasts, published)
    assert.ok(first.complete)
    const read = broker.read.bind(broker)
    broker.read = () => assert.fail('what was read already is read again')
    try {
      const newest = await pipeline.series.forecasts(series, { ...ALL, limit: 7 })
      assert.deepEqual(newest.forecasts, published.slice(-7))
      assert.ok(!newest.complete)
      const { rows } = await pipeline.series.steps(series, 3, { ...ALL, limit: 2 })
      assert.deepEqual(
        rows,
        published
          .slice(-2)
          .map((one) => [
            Date.parse(one.origin) + 3 * HOUR,
            Object.fromEntries(Object.entries(one.quantiles).map(([level, steps]) => [level, steps[2]])),
          ]),
      )
      assert.equal(newest.baseline?.model, 'baseline@1')
      assert.equal(newest.baseline.origin, published.at(-1)!.origin)
    } finally {
      broker.read = read
    }
  })

  test(`of ${series.slice(0, 20)}, history in memory and in the topic agree`, async () => {
    const recent = await pipeline.series.history(series, { ...ALL, limit: 5 })
    const whole = await pipeline.series.history(series, ALL)
    assert.equal(whole.observations.length, i === 1 ? HOURS - 1 : HOURS)
    assert.ok(whole.complete)
    assert.deepEqual(
      recent.observations.map(([ts]) => ts),
      whole.observations.slice(-5).map(([ts]) => ts),
    )
    for (const [ts, observed] of recent.observations) {
      const expected = value(i, ts / HOUR)
      assert.ok(Math.abs(Number(observed) - expected) < 1e-5 * expected)
    }
  })
}

test('a gap is told as missing, whatever it was filled with', async () => {
  const { observations } = await pipeline.series.history(NAMES[1]!, {
    from: 285 * HOUR,
    to: Infinity,
    limit: 100,
  })
  assert.deepEqual(
    observations.filter(([, observed]) => observed === null).map(([ts]) => ts / HOUR),
    [290],
  )
})

test('what is supposed is forecast as it is when it comes, and changes nothing until then', async () => {
  const runtime = [...pipeline.runtimes()][0]!
  const bitsOf = async (): Promise<string> => {
    const { states } = runtime.partition
    const rows = await Promise.all(NAMES.map((name) => states.rowOf(name)))
    const { values, counts } = states.pooled
    return JSON.stringify([
      rows.map((row) => Buffer.from(row!.bytes).toString('hex')),
      [...values],
      [...counts],
    ])
  }
  const supposed = [105, NaN, 98.5, 1000]
  const bits = await bitsOf()
  const answers = await Promise.all(Array.from({ length: 3 }, () => pipeline.series.whatIf('a', supposed)))
  assert.equal(await bitsOf(), bits)
  const [first, ...others] = answers as Extract<WhatIf, { kind: 'forecast' }>[]
  for (const other of others) assert.deepEqual(other, first)
  assert.equal(first!.forecast.model, 'gru@1')

  const end = (await read(config.output)).length
  await send(
    supposed.map((one, i) => ({ series: 'a', hour: HOURS + i, value: Number.isNaN(one) ? null : one })),
  )
  const [came] = (await read(config.output)).slice(end).slice(-1)
  const real = JSON.parse(Buffer.from(came!.value!).toString()) as Forecast
  assert.equal(first!.forecast.origin, real.origin)
  for (const [level, steps] of Object.entries(real.quantiles)) {
    for (const [h, one] of steps.entries()) {
      const other = first!.forecast.quantiles[level]![h]!
      assert.ok(Math.abs(one - other) <= 1e-5 * Math.abs(one), `${level}, step ${h + 1}: ${one}, ${other}`)
    }
  }
})

test('what cannot be supposed is refused in words', async () => {
  assert.equal(await pipeline.series.whatIf('unknown', [1]), null)
  const missing = await pipeline.series.whatIf('a', [NaN])
  assert.equal(missing?.kind, 'refused')
  const wild = await pipeline.series.whatIf('a', [1e300])
  assert.ok(wild?.kind === 'refused' && /out of range/.test(wild.why))
})

test('news of a series are what has come since, each settled and published', async () => {
  const { series } = pipeline
  series.since('a', Infinity)
  const start = HOURS + 10
  await send([
    { series: 'a', hour: start, value: 101 },
    { series: NAMES[1]!, hour: start, value: 201 },
    { series: 'a', hour: start + 1, value: 102 },
  ])
  const { observations, forecast } = series.since('a', (start - 1) * HOUR)
  assert.deepEqual(observations, [
    [start * HOUR, 101],
    [(start + 1) * HOUR, 102],
  ])
  const own = (await read(config.output)).filter(({ key }) => Buffer.from(key!).toString() === 'a')
  assert.deepEqual(JSON.parse(forecast!), JSON.parse(Buffer.from(own.at(-1)!.value!).toString()))
  assert.deepEqual(series.since('a', (start + 1) * HOUR), { observations: [], forecast: null })
})

test('the state of a series says what it carries', async () => {
  const state = (await pipeline.series.state('a'))!
  assert.equal(state.model, 'gru@1')
  assert.equal(state.hiddenState, 'gru@1')
  assert.equal(state.place, 'resident')
  assert.ok(state.scaler.scale > 0)
  assert.equal(await pipeline.series.state('unknown'), null)
})
