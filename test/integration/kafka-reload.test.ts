import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { DaemonProcess } from '../support/daemon-process.js'
import {
  appendHours,
  assertForecastOnce,
  SERIES_NAMES,
  TOWN_SETTINGS,
  untilSettled,
} from '../support/kafka-town.js'
import { connectKafka, startKafka, withoutKafka } from '../support/kafka.js'
import { pinNetwork } from '../support/pinned-network.js'
import { pipelineConfig } from '../support/pipeline-config.js'

/** 10,000 observations. */
const HOURS = 50
const MODELS = 'tidecast.models'
const NAME = 'reloaded'

test(
  'reloads on a real Kafka while records flow: a foreign consumer finds exactly one forecast per observation',
  { skip: withoutKafka },
  async () => {
    const home = await mkdtemp(join(tmpdir(), 'tidecast-kafka-'))
    const kafka = await startKafka({ dir: join(home, 'broker') })
    const { broker, end } = await connectKafka(kafka.brokers, { modelsTopic: MODELS })
    let daemon: DaemonProcess | undefined
    try {
      const config = pipelineConfig(NAME, TOWN_SETTINGS)
      await broker.ensureTopics([{ name: config.topic, partitions: config.partitions }])
      await pinNetwork(broker.models, config, SERIES_NAMES)
      const configured = (more: object): object => ({
        log: { level: 'info', format: 'json' },
        broker: {
          kind: 'kafka',
          kafka: { brokers: kafka.brokers, heartbeat: '200ms', sessionTimeout: '6s' },
        },
        pipelines: { [NAME]: { ...TOWN_SETTINGS, ...more } },
      })
      daemon = await DaemonProcess.start(await mkdtemp(join(home, 'data-')), configured({}))
      await daemon.listening
      const changes = [
        { horizon: 6 }, // live
        { batch: { maxRecords: 100 } }, // a restart of the pipeline
        { model: { ...TOWN_SETTINGS.model, cell: 'lstm' } }, // the network in use goes on
        { paused: true },
        {},
      ]
      const step = HOURS / changes.length
      for (const [i, more] of changes.entries()) {
        const appending = appendHours(broker, config.topic, i * step, (i + 1) * step)
        await daemon.configure(configured(more))
        assert.equal((await daemon.post('/-/reload')).status, 200, JSON.stringify(more))
        await appending
      }
      await untilSettled(broker, config)
      assert.equal((await daemon.status(NAME)).model, 'gru@1')
      assert.deepEqual(await daemon.terminate(), { code: 0, signal: null })
      await assertForecastOnce(kafka.brokers, config, HOURS)
    } finally {
      await daemon?.kill()
      await end()
      await kafka.stop()
      await rm(home, { recursive: true, force: true })
    }
  },
)
