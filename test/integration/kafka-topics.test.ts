import assert from 'node:assert/strict'
import { after, before, describe, test, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { Admin, Producer } from 'kafkajs'
import type { KafkaBroker } from '../../src/adapters/kafka/kafka-broker.js'
import { createClient, type KafkaLog } from '../../src/adapters/kafka/connection.js'
import { ConfigResourceTypes } from '../../src/adapters/kafka/kafkajs.js'
import { consumerGroup } from '../../src/core/consumer-group.js'
import type { RecordsLost } from '../../src/telemetry/events.js'
import { readAll, text } from '../contract/broker-helpers.js'
import { createTopic } from '../support/kafka-witness.js'
import { connectionTo, connectKafka, startKafka, withoutKafka, type RealKafka } from '../support/kafka.js'
import { startPipeline } from '../support/pipeline-at-work.js'
import { pipelineConfig } from '../support/pipeline-config.js'

const HOUR = 3_600_000
const YEAR = 365 * 24 * HOUR
const START = Date.UTC(2026, 0, 1)
const SETTINGS = { interval: '1h', season: 'none', partitions: 1, training: { enabled: false } }

/** What an operator may have set otherwise at a topic than Tidecast would, or done to it. */
describe('topics of a real Kafka as others keep them', { skip: withoutKafka }, () => {
  let kafka: RealKafka
  let admin: Admin
  let producer: Producer
  before(async () => {
    kafka = await startKafka()
    const client = await createClient(connectionTo(kafka.brokers), () => undefined)
    admin = client.admin()
    producer = client.producer({ idempotent: true })
    await Promise.all([admin.connect(), producer.connect()])
  })
  after(async () => {
    await Promise.all([admin.disconnect(), producer.disconnect()])
    await kafka.stop()
  })

  async function connected(t: TestContext): Promise<KafkaBroker> {
    const { broker, end } = await connectKafka(kafka.brokers)
    t.after(end)
    return broker
  }

  /** `settings` by Kafka's own names. */
  async function create(topic: string, settings: Readonly<Record<string, string>>, partitions = 1) {
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }))
    await createTopic(admin, { topic, numPartitions: partitions, configEntries })
  }

  const at = (ts: number): string => JSON.stringify({ ts, value: 1 })
  const append = (broker: KafkaBroker, topic: string, hours: readonly number[]): Promise<void> =>
    broker.append(
      hours.map((hour) => ({ topic, key: Buffer.from('s'), value: Buffer.from(at(START + hour * HOUR)) })),
    )
  const hoursOf = async (broker: KafkaBroker, topic: string): Promise<number[]> =>
    (await readAll(broker, topic)).map(
      ({ value }) => (Date.parse((JSON.parse(text(value)!) as { origin: string }).origin) - START) / HOUR,
    )

  test('input that was deleted before it was consumed is counted, and the stream goes on at the oldest record', async (t) => {
    const config = pipelineConfig('deleted', SETTINGS)
    const first = await connected(t)
    const before = await startPipeline(config, first)
    await append(first, config.topic, [0, 1, 2])
    await before.account.settled(3)
    await before.pipeline.stop()
    await first.close()
    const broker = await connected(t)
    await append(broker, config.topic, [3, 4, 5, 6])
    await admin.fetchTopicOffsets(config.topic) // kafkajs looks for the leader only in what it has seen
    await admin.deleteTopicRecords({ topic: config.topic, partitions: [{ partition: 0, offset: '5' }] })
    const { pipeline, account } = await startPipeline(config, broker)
    await account.settled(2)
    assert.deepEqual(await hoursOf(broker, config.output), [0, 1, 2, 5, 6])
    const told: Omit<RecordsLost, 'kind'>[] = []
    t.mock.method(account, 'lost', (fields: Omit<RecordsLost, 'kind'>) => told.push(fields))
    pipeline.measure()
    pipeline.measure()
    assert.deepEqual(told, [{ partition: 0, records: 2 }])
    await pipeline.stop()
  })

  test('markers of transactions are neither lag nor loss', async (t) => {
    const config = pipelineConfig('marked', SETTINGS)
    const broker = await connected(t)
    const { pipeline, account } = await startPipeline(config, broker)
    // Two partitions in one append take a transaction.
    const other = { topic: config.deadLetter, key: null, value: null }
    await broker.append([
      { topic: config.topic, key: Buffer.from('s'), value: Buffer.from(at(START)) },
      other,
    ])
    await account.settled(1)
    while (pipeline.lag > 0) await pause(20)
    const group = consumerGroup(config.name)
    assert.deepEqual(
      await broker.committed(group, config.topic),
      (await broker.describe(config.topic))!.map(({ end }) => end),
    )
    await pipeline.stop()
  })

  test('states that Kafka would delete are refused, and the error says what to set', async (t) => {
    const broker = await connected(t)
    const config = pipelineConfig('retained', SETTINGS)
    const topic = `${consumerGroup(config.name)}.states`
    await create(topic, { 'cleanup.policy': 'delete' })
    const message = new RegExp(`${topic} has cleanup.policy=delete.*cleanup.policy to compact`)
    await assert.rejects(startPipeline(config, broker), { name: 'BrokerError', retriable: false, message })
    await setTopic(topic, 'cleanup.policy', 'compact')
    await create('short-lived-models', { 'cleanup.policy': 'compact,delete' })
    const { broker: other, end } = await connectKafka(kafka.brokers, { modelsTopic: 'short-lived-models' })
    await assert.rejects(startPipeline(config, other), /short-lived-models has cleanup.policy=compact,delete/)
    await end()
    const { pipeline } = await startPipeline(config, broker)
    await pipeline.stop()
  })

  test('an output topic with fewer partitions than the input takes all forecasts, a states topic gets as many', async (t) => {
    const broker = await connected(t)
    const config = pipelineConfig('narrow', { ...SETTINGS, partitions: 3 })
    const states = `${consumerGroup(config.name)}.states`
    await create(config.output, {}, 1)
    await create(states, { 'cleanup.policy': 'compact' }, 1)
    const { pipeline, account } = await startPipeline(config, broker)
    const keys = ['a', 'b', 'c', 'd', 'e', 'f']
    await broker.append(
      keys.map((key) => ({ topic: config.topic, key: Buffer.from(key), value: Buffer.from(at(START)) })),
    )
    await account.settled(keys.length)
    const forecast = (await readAll(broker, config.output)).map(({ key }) => text(key))
    assert.deepEqual(forecast.sort(), keys)
    assert.equal((await broker.describe(states))!.length, 3)
    await pipeline.stop()
  })

  test('forecasts too long for their topic hold up their partition, by name, until it takes them; none is lost or doubled', async (t) => {
    const lost: number[] = []
    const log: KafkaLog = (_, message) => {
      if (message.endsWith('taken over anew')) lost.push(performance.now())
    }
    const { broker, end } = await connectKafka(kafka.brokers, { log })
    t.after(end)
    const config = pipelineConfig('narrow-minded', SETTINGS)
    await create(config.output, { 'max.message.bytes': '300' })
    const { pipeline, account } = await startPipeline(config, broker)
    await append(broker, config.topic, [0, 1, 2])
    while (!/max message size|too large/i.test(pipeline.trouble ?? '')) await pause(20)
    while (lost.length < 4) await pause(20)
    assert.ok(lost[3]! - lost[1]! >= 600, 'tried again after growing pauses')
    await setTopic(config.output, 'max.message.bytes', '1048588')
    while (account.records < 3) await pause(20)
    assert.deepEqual(await hoursOf(broker, config.output), [0, 1, 2])
    await pipeline.stop()
  })

  test('records longer than Tidecast would write are read, and time stamps are judged by the arrival that the broker notes', async (t) => {
    const broker = await connected(t)
    const config = pipelineConfig('noted', SETTINGS)
    await create(config.topic, {
      'max.message.bytes': '8000000',
      'message.timestamp.type': 'LogAppendTime',
    })
    const ahead = Date.now() + YEAR
    // The clock that wrote the record is as far ahead as the one that took the reading.
    const messages = [
      { key: 's', value: at(START) },
      { key: 's', value: at(ahead), timestamp: String(ahead) },
      { key: 's', value: 'x'.repeat(5_000_000) },
      { key: 's', value: at(START + HOUR), timestamp: String(START - YEAR) },
    ]
    for (const message of messages) await producer.send({ topic: config.topic, messages: [message] })
    const { pipeline, account } = await startPipeline(config, broker)
    await account.settled(messages.length)
    assert.deepEqual(await hoursOf(broker, config.output), [0, 1])
    assert.deepEqual([...account.rejected.keys()].sort(), ['too-far-ahead', 'too-large'])
    await pipeline.stop()
  })

  async function setTopic(name: string, setting: string, value: string): Promise<void> {
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name, configEntries: [{ name: setting, value }] }],
    })
  }
})
