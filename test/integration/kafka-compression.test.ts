import assert from 'node:assert/strict'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createClient } from '../../src/adapters/kafka/connection.js'
import { readAll, text } from '../contract/broker-helpers.js'
import { connectionTo, connectKafka, startKafka, withoutKafka, type RealKafka } from '../support/kafka.js'
import { createTopic } from '../support/kafka-witness.js'
import { kcat } from '../support/foreign-clients.js'

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
const COUNT = 3000
const values = Array.from({ length: COUNT }, (_, i) => JSON.stringify({ ts: i, value: i / 7, unit: 'kWh' }))

describe('batches on a real Kafka', { skip: withoutKafka || kcat.missing }, () => {
  let kafka: RealKafka
  let dir: string
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'tidecast-kafka-'))
    kafka = await startKafka({ dir })
  })
  after(async () => {
    await kafka.stop()
    await rm(dir, { recursive: true, force: true })
  })

  const bytesOnDisk = async (topic: string): Promise<number> =>
    (await stat(join(dir, 'logs', `${topic}-0`, '00000000000000000000.log'))).size

  async function create(topic: string, codec: string): Promise<void> {
    const admin = (await createClient(connectionTo(kafka.brokers), () => undefined)).admin()
    await admin.connect()
    const configEntries = [{ name: 'compression.type', value: codec }]
    await createTopic(admin, { topic, numPartitions: 1, configEntries })
    await admin.disconnect()
  }

  for (const compression of CODECS) {
    test(`${compression}: written by librdkafka and by us, read by both, packed by Java and read by us`, async (t) => {
      const connection = connectionTo(kafka.brokers, { compression })
      const { broker, end } = await connectKafka(kafka.brokers, { connection })
      t.after(end)
      const theirs = `theirs-${compression}`
      const ours = `ours-${compression}`
      const java = `java-${compression}`
      for (const topic of [theirs, ours]) await create(topic, 'producer')
      // The broker packs anew what comes in otherwise than its topic asks for, and that is Java.
      await create(java, compression === 'none' ? 'uncompressed' : compression)

      const records = values.map((value) => ({ key: 'key', value }))
      await kcat.write(kafka.brokers, theirs, records, compression)
      await kcat.write(kafka.brokers, java, records, compression === 'gzip' ? 'none' : 'gzip')
      await broker.append(values.map((value) => ({ topic: ours, key: null, value: Buffer.from(value) })))

      for (const topic of [theirs, ours, java]) {
        assert.deepEqual(
          (await readAll(broker, topic)).map(({ value }) => text(value)),
          values,
          topic,
        )
      }
      const seen = []
      for await (const { value } of kcat.read(kafka.brokers, ours)) seen.push(value)
      assert.deepEqual(seen, values)
      const share = (await bytesOnDisk(ours)) / values.join('').length
      assert.ok(compression === 'none' ? share > 1 : share < 0.7, `${share} of the bytes`)
    })
  }
})
