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
import { DaemonProcess } from '../support/daemon-process.js'
import { DaemonSuccession } from '../support/daemon-succession.js'
import {
  appendHours,
  assertForecastOnce,
  SERIES_NAMES,
  TOWN_SETTINGS,
  untilSettled,
} from '../support/kafka-town.js'
import { connectKafka, startKafka, withoutKafka, type RealKafka } from '../support/kafka.js'
import { pinNetwork } from '../support/pinned-network.js'
import { pipelineConfig } from '../support/pipeline-config.js'

/** 20,000 observations. */
const HOURS = 100
const MODELS = 'tidecast.models'

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
  ): Promise<{ config: PipelineConfig; broker: KafkaBroker }> {
    const { broker, end } = await connectKafka(kafka.brokers, { modelsTopic: MODELS })
    t.after(end)
    const config = pipelineConfig(name, TOWN_SETTINGS)
    await broker.ensureTopics([{ name: config.topic, partitions: config.partitions }])
    await pinNetwork(broker.models, config, SERIES_NAMES)
    return { config, broker }
  }

  async function dataDirectory(): Promise<string> {
    return mkdtemp(join(home, 'data-'))
  }

  function daemonConfig(name: string, more: object = {}): object {
    return {
      log: { level: 'debug', format: 'json' },
      broker: {
        kind: 'kafka',
        kafka: { brokers: kafka.brokers, heartbeat: '200ms', sessionTimeout: '6s', ...more },
      },
      pipelines: { [name]: TOWN_SETTINGS },
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
