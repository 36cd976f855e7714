import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { DaemonProcess } from '../support/daemon-process.js'
import { kcat, python } from '../support/foreign-clients.js'
import { outputsOf, TOWN_SETTINGS, expectedOrigins, hourOf } from '../support/kafka-town.js'
import { startKafka, withoutKafka, type RealKafka } from '../support/kafka.js'
import { assertExactlyOnce } from '../support/outputs.js'

const HOURS = 30
const CLIENTS = { kcat, python }

describe(
  'clients of others on a real Kafka',
  { skip: withoutKafka || kcat.missing || python.missing },
  () => {
    let home: string
    let kafka: RealKafka
    before(async () => {
      home = await mkdtemp(join(tmpdir(), 'tidecast-foreign-'))
      kafka = await startKafka()
    })
    after(async () => {
      await kafka.stop()
      await rm(home, { recursive: true, force: true, maxRetries: 5 })
    })

    test('what kcat and a Python client produce is forecast, and both read the same forecasts', async () => {
      const daemon = await DaemonProcess.start(home, {
        broker: { kind: 'kafka', kafka: { brokers: kafka.brokers } },
        pipelines: { foreign: TOWN_SETTINGS },
      })
      const series: string[] = []
      try {
        await daemon.until('foreign', ({ phase }) => phase === 'running')
        for (const [name, client] of Object.entries(CLIENTS)) {
          const keys = [`${name}-a`, `${name}-b`, `${name}-ä`]
          series.push(...keys)
          const records = Array.from({ length: HOURS }, (_, hour) =>
            keys.map((key, i) => ({
              key,
              value: JSON.stringify({ ts: hourOf(hour), value: 10 * i + hour }),
            })),
          )
          await client.write(kafka.brokers, 'foreign', records.flat())
        }
        await daemon.until('foreign', ({ records }) => records === HOURS * series.length)
      } finally {
        await daemon.kill()
      }
      const read = await Promise.all(
        Object.values(CLIENTS).map((client) => outputsOf(client.read(kafka.brokers, 'foreign.forecasts'))),
      )
      for (const outputs of read) assertExactlyOnce(outputs, expectedOrigins(HOURS, series))
      assert.deepEqual(read[0], read[1])
    })
  },
)
