import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { BrokerError } from '../../src/ports/broker.js'
import { DaemonProcess } from '../support/daemon-process.js'
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

const NAME = 'replicated'
const MODELS = 'tidecast.models'
const HOURS = 40
/** A controller, leaders and coordinators have to be chosen anew, on cores that others use too. */
const PATIENCE_MS = 120_000

describe('a Kafka of three nodes', { skip: withoutKafka }, () => {
  let home: string
  let kafka: RealKafka
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'tidecast-nodes-'))
    kafka = await startKafka({ dir: join(home, 'broker'), nodes: 3 })
  })
  after(async () => {
    await kafka.stop()
    await rm(home, { recursive: true, force: true, maxRetries: 5 })
  })

  test('when one of its nodes is killed, forecasting goes on with the other two: nothing is lost, and nothing doubled', async (t) => {
    const left = kafka.nodes.slice(1).map(({ address }) => address)
    const config = pipelineConfig(NAME, TOWN_SETTINGS)
    const { broker, end } = await connectKafka(kafka.brokers, { modelsTopic: MODELS })
    t.after(end)
    await broker.ensureTopics([{ name: config.topic, partitions: config.partitions }])
    await pinNetwork(broker.models, config, SERIES_NAMES)
    await appendHours(broker, config.topic, 0, HOURS)
    const daemon = await DaemonProcess.start(await mkdtemp(join(home, 'data-')), {
      log: { level: 'debug', format: 'json' },
      broker: {
        kind: 'kafka',
        kafka: { brokers: kafka.brokers, heartbeat: '200ms', sessionTimeout: '6s', requestTimeout: '5s' },
      },
      pipelines: { [NAME]: TOWN_SETTINGS },
    })
    try {
      await untilSettled(broker, config, 0.2, PATIENCE_MS)
      await kafka.nodes[0]!.kill()
      const killed = performance.now()
      const rest = await patiently(() => connectKafka(left.join(','), { modelsTopic: MODELS }))
      t.after(rest.end)
      await patiently(() => untilSettled(rest.broker, config, 1, PATIENCE_MS))
      await appendHours(rest.broker, config.topic, HOURS, HOURS + 10)
      await patiently(() => untilSettled(rest.broker, config, 1, PATIENCE_MS))
      t.diagnostic(`all settled ${((performance.now() - killed) / 1000).toFixed(1)} s after the kill`)
      assert.ok(daemon.alive, daemon.stderr)
    } finally {
      await daemon.kill()
    }
    await assertForecastOnce(left.join(','), config, HOURS + 10)
  })
})

/** Asks until it is answered: until the controller has given a killed node up, requests are still sent to it. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (const deadline = Date.now() + PATIENCE_MS; ;) {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof BrokerError && error.retriable) || Date.now() > deadline) throw error
    }
  }
}
