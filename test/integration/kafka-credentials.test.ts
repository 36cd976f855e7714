import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
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
import { changePassword, connectionTo, connectKafka, startKafka, withoutKafka } from '../support/kafka.js'
import { pinNetwork } from '../support/pinned-network.js'
import { pipelineConfig } from '../support/pipeline-config.js'

/** 6000 observations. */
const HOURS = 30
const MODELS = 'tidecast.models'
const NAME = 'renewed'
const NEW_PASSWORD = 'another-password-of-today'

test(
  'a password that is changed at the cluster and in its file is taken up by a reload: nothing lost, nothing doubled, nothing told of it',
  { skip: withoutKafka },
  async () => {
    const home = await mkdtemp(join(tmpdir(), 'tidecast-kafka-'))
    const kafka = await startKafka({ dir: join(home, 'broker'), secure: true })
    const { ca, users, sasl: address, password } = kafka.secure!
    const username = users['scram-sha-512']
    const { broker, end } = await connectKafka(kafka.brokers, { modelsTopic: MODELS })
    let daemon: DaemonProcess | undefined
    try {
      const config = pipelineConfig(NAME, TOWN_SETTINGS)
      await broker.ensureTopics([{ name: config.topic, partitions: config.partitions }])
      await pinNetwork(broker.models, config, SERIES_NAMES)
      const passwordFile = join(home, 'password')
      await writeFile(passwordFile, password)
      const sasl = { mechanism: 'scram-sha-512', username, passwordFile }
      daemon = await DaemonProcess.start(await mkdtemp(join(home, 'data-')), {
        log: { level: 'debug', format: 'json' },
        broker: {
          kind: 'kafka',
          kafka: {
            ...{ brokers: address, tls: { enabled: true, ca }, sasl },
            ...{ heartbeat: '200ms', sessionTimeout: '6s' },
          },
        },
        pipelines: { [NAME]: TOWN_SETTINGS },
      })
      let told = ''
      daemon.onLine((line) => (told += line))
      await daemon.listening
      const feeding = appendHours(broker, config.topic, 0, HOURS / 2)
      await changePassword(kafka.brokers, username, NEW_PASSWORD)
      await writeFile(passwordFile, `${NEW_PASSWORD}\n`)
      const { status, body } = await daemon.post('/-/reload')
      assert.equal(status, 200)
      assert.match(
        JSON.stringify(body),
        /"path":"broker\.kafka\.sasl\.password","before":"\*+","after":"\*+"/,
      )
      await feeding

      // All connections are made anew, which takes the new password.
      const [node] = kafka.nodes
      await node!.stop()
      await node!.start()
      await appendHours(broker, config.topic, HOURS / 2, HOURS)
      await untilSettled(broker, config)
      await assert.rejects(
        connectKafka(address, {
          connection: connectionTo(address, {
            tls: { ca },
            sasl: { mechanism: 'scram-sha-512', username, password },
          }),
        }),
        /authentication/i,
      )
      const metrics = await daemon.text('/metrics')
      assert.deepEqual(await daemon.terminate(), { code: 0, signal: null })
      await assertForecastOnce(kafka.brokers, config, HOURS)
      for (const secret of [password, NEW_PASSWORD])
        assert.ok(!(told + daemon.stderr + metrics).includes(secret))
    } finally {
      await daemon?.kill()
      await end()
      await kafka.stop()
      await rm(home, { recursive: true, force: true })
    }
  },
)
