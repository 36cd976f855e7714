import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { after, before, describe, test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { KafkaBroker } from '../../src/adapters/kafka/kafka-broker.js'
import type { PipelineConfig } from '../../src/config/types.js'
import type { OutboundRecord } from '../../src/ports/broker.js'
import { DaemonProcess } from '../support/daemon-process.js'
import { DaemonSuccession } from '../support/daemon-succession.js'
import type { Row } from '../support/household.js'
import {
  appendHours,
  assertForecastOnce,
  hourOf,
  SERIES_NAMES,
  TOWN_SETTINGS,
  untilSettled,
} from '../support/kafka-town.js'
import { witness } from '../support/kafka-witness.js'
import { connectKafka, startKafka, withoutKafka, type RealKafka } from '../support/kafka.js'
import type { Published } from '../support/outputs.js'
import { PartitionAtWork } from '../support/partition-at-work.js'
import { pinNetwork } from '../support/pinned-network.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { assertSameForecasts } from '../support/same-outcome.js'
import { loadRandomNetwork } from '../support/shared-engine.js'

/** 20,000 observations. */
const HOURS = 100
const MODELS = 'tidecast.models'
/** Meters with covariates, and those of them of which a topic speaks by name. */
const METERS = SERIES_NAMES.slice(0, 40)
const WATCHED = METERS.slice(0, 10)

describe('on a real Kafka', { skip: withoutKafka }, () => {
  let home: string
  let kafka: RealKafka
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'tidecast-kafka-'))
    kafka = await startKafka({ dir: join(home, 'broker') })
  })
  after(async () => {
    await kafka.stop()
    await rm(home, { recursive: true, force: true })
  })

  /** A pipeline with a pinned network, and a connection to look on with. */
  async function town(
    t: TestContext,
    name: string,
    settings: object = {},
  ): Promise<{ config: PipelineConfig; broker: KafkaBroker }> {
    const { broker, end } = await connectKafka(kafka.brokers, { modelsTopic: MODELS })
    t.after(end)
    const config = pipelineConfig(name, { ...TOWN_SETTINGS, ...settings })
    await broker.ensureTopics([{ name: config.topic, partitions: config.partitions }])
    await pinNetwork(broker.models, config, SERIES_NAMES)
    return { config, broker }
  }

  async function dataDirectory(): Promise<string> {
    return mkdtemp(join(home, 'data-'))
  }

  function daemonConfig(name: string, more: object = {}, settings: object = {}): object {
    return {
      log: { level: 'debug', format: 'json' },
      broker: {
        kind: 'kafka',
        kafka: { brokers: kafka.brokers, heartbeat: '200ms', sessionTimeout: '6s', ...more },
      },
      pipelines: { [name]: { ...TOWN_SETTINGS, ...settings } },
    }
  }

  test('after kill -9 a foreign consumer finds exactly one forecast per observation, in order', async (t) => {
    const { config, broker } = await town(t, 'killed')
    await appendHours(broker, config.topic, 0, HOURS)
    const daemons = new DaemonSuccession(await dataDirectory(), daemonConfig('killed'))
    try {
      for (const share of [0.2, 0.6]) {
        await untilSettled(broker, config, share)
        await daemons.kill()
        await assert.rejects(untilSettled(broker, config, 1, 0), /settled/, 'killed in the middle')
      }
      await untilSettled(broker, config)
      const { model } = await (await daemons.current).status('killed')
      assert.equal(model, 'gru@1')
      await daemons.stop()
    } finally {
      await daemons.end()
    }
    await assertForecastOnce(kafka.brokers, config, HOURS)
  })

  test('after kill -9 forecasts rest on the covariates of the records, and on what a topic of several partitions tells of the steps to come, as without', async (t) => {
    const settings = {
      covariates: ['temperature', 'wind'],
      futureCovariates: { topic: 'weather', names: ['temperature'], refreshEvery: '0s' },
    }
    const { config, broker } = await town(t, 'foretold', settings)
    await broker.ensureTopics([{ name: 'weather', partitions: 3 }])
    const stretches = [weatherAndRows(0, 30), weatherAndRows(30, 60)] as const
    const daemons = new DaemonSuccession(await dataDirectory(), daemonConfig('foretold', {}, settings))
    try {
      const [first, second] = stretches
      await broker.append(first.weather)
      await broker.append(recordsOf(config.topic, first.rows))
      await untilSettled(broker, config)
      await broker.append(second.weather)
      await broker.append(recordsOf(config.topic, second.rows))
      await untilSettled(broker, config, 0.7)
      await daemons.kill()
      await untilSettled(broker, config)
      const metrics = await (await daemons.current).text('/metrics')
      assert.match(metrics, /^tidecast_future_covariates_unused_total\{pipeline="foretold"\} 6$/m)
      await daemons.stop()
    } finally {
      await daemons.end()
    }
    const published = (await witness(kafka.brokers, config.output)).map(({ value }) => {
      const forecast = JSON.parse(value) as Published & { readonly origin: string }
      return { ...forecast, origin: Date.parse(forecast.origin) }
    })
    const network = await loadRandomNetwork(config, SERIES_NAMES)
    const expected = async (told: (record: OutboundRecord) => boolean): Promise<readonly Published[]> => {
      const work = await PartitionAtWork.open({ ...config, partitions: 1 }, network)
      try {
        for (const { weather, rows } of stretches) {
          await work.appendRecords(weather.filter(told))
          await work.append(rows)
          await work.consume()
        }
        return await work.outputs()
      } finally {
        await work.close()
      }
    }
    const median = (): readonly string[] => ['0.5']
    assertSameForecasts(published, await expected(() => true), median)
    const toOne = ({ key }: OutboundRecord): boolean => String(key) !== '*'
    for (const part of [toOne, (record: OutboundRecord) => !toOne(record)]) {
      const without = await expected(part)
      assert.throws(() => assertSameForecasts(published, without, median), /quantile|0\.5/, 'it is used')
    }
  })

  test('two processes share the partitions, and each takes over from the other with its states', async (t) => {
    const { config, broker } = await town(t, 'shared')
    const daemons: DaemonProcess[] = []
    const start = async (): Promise<DaemonProcess> => {
      const daemon = await DaemonProcess.start(await dataDirectory(), daemonConfig('shared'))
      daemons.push(daemon)
      return daemon
    }
    try {
      await appendHours(broker, config.topic, 0, 20)
      const first = await start()
      await untilSettled(broker, config)
      const second = await start()
      // Each has one of the two partitions when both have the series of one.
      for (const daemon of [first, second]) {
        await daemon.until('shared', ({ series }) => series > 0 && series < SERIES_NAMES.length)
      }
      await appendHours(broker, config.topic, 20, 40)
      await untilSettled(broker, config)
      assert.ok((await second.status('shared')).records > 0)
      await first.kill()
      await appendHours(broker, config.topic, 40, 60)
      await untilSettled(broker, config)
      assert.equal((await second.status('shared')).series, SERIES_NAMES.length)
      const third = await start()
      await third.until('shared', ({ series }) => series > 0)
      const ending = await second.terminate()
      assert.deepEqual(ending, { code: 0, signal: null }, second.stderr)
      await appendHours(broker, config.topic, 60, 80)
      await untilSettled(broker, config)
    } finally {
      for (const daemon of daemons) await daemon.kill()
    }
    await assertForecastOnce(kafka.brokers, config, 80)
  })

  test('a Kafka that is killed and comes back costs time, and no forecast', async (t) => {
    const { config, broker } = await town(t, 'outage')
    await appendHours(broker, config.topic, 0, HOURS)
    const daemon = await DaemonProcess.start(await dataDirectory(), daemonConfig('outage'))
    try {
      await untilSettled(broker, config, 0.2)
      await kafka.kill()
      assert.ok(daemon.alive)
      const port = Number(kafka.brokers.split(':')[1])
      kafka = await startKafka({ dir: join(home, 'broker'), port })
      const looking = await connectKafka(kafka.brokers, { modelsTopic: MODELS })
      t.after(looking.end)
      await untilSettled(looking.broker, config)
      assert.ok(daemon.alive)
    } finally {
      await daemon.kill()
    }
    await assertForecastOnce(kafka.brokers, config, HOURS)
  })

  test('a Kafka that holds its connections open and answers nothing is told of within the request time-out, and costs time, and no forecast', async (t) => {
    const { config, broker } = await town(t, 'silent')
    await appendHours(broker, config.topic, 0, HOURS)
    const timeouts = { requestTimeout: '2s', connectionTimeout: '1s' }
    const daemon = await DaemonProcess.start(await dataDirectory(), daemonConfig('silent', timeouts))
    try {
      const url = await daemon.listening
      const ready = async (): Promise<{ status: number; text: string }> => {
        const response = await fetch(`${url}/readyz`)
        return { status: response.status, text: await response.text() }
      }
      await untilSettled(broker, config, 0.2)
      process.kill(kafka.pid, 'SIGSTOP')
      try {
        const silent = performance.now()
        const after = (): number => performance.now() - silent
        while ((await ready()).status === 200) {
          assert.ok(after() < 60_000, 'it is ready, and nobody answers')
          await pause(50)
        }
        const { text } = await ready()
        t.diagnostic(`not ready after ${(after() / 1000).toFixed(1)} s: ${text}`)
        assert.match(text, /silent: .*Check that broker\.kafka\.brokers (answer|can be reached)/)
      } finally {
        process.kill(kafka.pid, 'SIGCONT')
      }
      await untilSettled(broker, config)
      while ((await ready()).status !== 200) await pause(50)
      assert.ok(daemon.alive)
    } finally {
      await daemon.kill()
    }
    await assertForecastOnce(kafka.brokers, config, HOURS)
  })
})

/** What is told before the hours from `from` on, before `to`, for twelve hours more than that; and what then came. */
function weatherAndRows(from: number, to: number): { weather: OutboundRecord[]; rows: Row[] } {
  const tell = (key: string | null, value: unknown): OutboundRecord => ({
    topic: 'weather',
    key: key === null ? null : Buffer.from(key),
    value: Buffer.from(JSON.stringify(value)),
  })
  const weather: OutboundRecord[] = []
  for (let hour = from; hour < to + 12; hour++) {
    const ts = hourOf(hour)
    weather.push(tell('*', { ts, covariates: { temperature: 15 + 10 * Math.sin(hour / 3 + from) } }))
    if (hour % 2 > 0) continue
    for (const [i, name] of WATCHED.entries()) {
      // Every third is taken back.
      const temperature = hour % 6 === 0 ? null : i - hour / 5
      weather.push(tell(name, { ts: new Date(ts).toISOString(), covariates: { temperature } }))
    }
  }
  weather.push(tell(null, {}), tell('*', [1]), tell('*', { ts: hourOf(to), covariates: { wind: 3 } }))
  const rows: Row[] = []
  for (let hour = from; hour < to; hour++) {
    for (const [i, series] of METERS.entries()) {
      const covariates = (hour + i) % 3 === 0 ? {} : { temperature: 12 + ((hour + i) % 7), wind: i % 5 }
      rows.push({ series, ts: hourOf(hour), value: 100 + i + 10 * Math.sin((hour + i) / 4), covariates })
    }
  }
  return { weather, rows }
}

function recordsOf(topic: string, rows: readonly Row[]): OutboundRecord[] {
  return rows.map(({ series, ...value }) => ({
    ...{ topic, key: Buffer.from(series) },
    value: Buffer.from(JSON.stringify(value)),
  }))
}
