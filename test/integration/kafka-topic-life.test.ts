import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { KafkaLog } from '../../src/adapters/kafka/connection.js'
import type { KafkaBroker } from '../../src/adapters/kafka/kafka-broker.js'
import { registerReset } from '../../src/cli/reset.js'
import { consumerGroup } from '../../src/core/consumer-group.js'
import type { PipelineConfig } from '../../src/config/types.js'
import type { LogRecord, PartitionLease } from '../../src/ports/broker.js'
import { record, text, values } from '../contract/broker-helpers.js'
import { runCommand, type Outcome } from '../cli/replay/harness.js'
import { F64 } from '../../src/core/layout.js'
import { appendHours, hourOf, outputsOf, TOWN_SETTINGS } from '../support/kafka-town.js'
import { addPartitions, deleteTopic, witness } from '../support/kafka-witness.js'
import { assertExactlyOnce } from '../support/outputs.js'
import { storedStates } from '../support/stored-states.js'
import { connectKafka, startKafka, withoutKafka, type RealKafka } from '../support/kafka.js'
import { startPipeline } from '../support/pipeline-at-work.js'
import { pipelineConfig } from '../support/pipeline-config.js'

const NAMES = Array.from({ length: 20 }, (_, i) => `meter-${i}`)

describe('the life of a topic on a real Kafka', { skip: withoutKafka }, () => {
  let home: string
  let kafka: RealKafka
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'tidecast-topic-life-'))
    kafka = await startKafka({ dir: join(home, 'broker') })
  })
  after(async () => {
    await kafka.stop()
    await rm(home, { recursive: true, force: true, maxRetries: 5 })
  })

  async function connected(t: TestContext): Promise<KafkaBroker> {
    const { broker, end } = await connectKafka(kafka.brokers, { modelsTopic: 'tidecast.models' })
    t.after(end)
    return broker
  }

  test('a reset is refused while the pipeline is at work, and then forecasts come again and are marked', async (t) => {
    const settings = { ...TOWN_SETTINGS, partitions: 2 }
    const config = pipelineConfig('again', settings)
    const place = { kind: 'kafka', kafka: { brokers: kafka.brokers, heartbeat: '200ms' } }
    const file = { dataDir: join(home, 'reset'), broker: place, pipelines: { again: settings } }
    await writeFile(join(home, 'again.json5'), JSON.stringify(file))
    const run = (...more: string[]): Promise<Outcome> =>
      runCommand(registerReset, ['reset', 'again', '-c', 'again.json5', '--json', ...more], { cwd: home })
    const broker = await connected(t)
    const first = await startPipeline(config, broker)
    await appendHours(broker, config.topic, 0, 30, NAMES)
    await first.account.settled(30 * NAMES.length)
    assert.match(String((await run('--to', 'earliest')).error), /stop them first/)
    await first.pipeline.stop()
    const counted = await repeats(broker, config)
    assert.equal(counted.all, 30 * NAMES.length)
    assert.equal(counted.marked, 0)

    const { out } = await run('--to', '101', '--partition', '1')
    const [moved] = (JSON.parse(out) as { partitions: { partition: number; from: number; to: number }[] })
      .partitions
    assert.deepEqual([moved!.partition, moved!.to], [1, 101])
    const behind = recordsFrom(await collect(broker, config.topic, 1), 101)
    const second = await startPipeline(config, await connected(t))
    await appendHours(broker, config.topic, 30, 31, NAMES)
    await second.account.settled(behind + NAMES.length)
    await second.pipeline.stop()
    assert.deepEqual(await repeats(broker, config), {
      all: 31 * NAMES.length + behind,
      marked: behind,
      newest: NAMES.length,
    })
  })

  for (const meanwhile of ['stopped', 'running'] as const) {
    test(`a topic that was made anew while the pipeline was ${meanwhile} is consumed from its beginning, without the states of the old one`, async (t) => {
      const config = pipelineConfig(`anew-${meanwhile}`, TOWN_SETTINGS)
      const before = await startPipeline(config, await connected(t))
      await appendHours(await connected(t), config.topic, 0, 30, NAMES)
      await before.account.settled(30 * NAMES.length)
      if (meanwhile === 'stopped') await before.pipeline.stop()
      await deleteTopic(kafka.brokers, config.topic)
      const broker = await connected(t)
      await broker.ensureTopics([{ name: config.topic, partitions: config.partitions }])
      // More than before, so that the old offset is one that the new topic has, too.
      await appendHours(broker, config.topic, 100, 160, NAMES)
      const { pipeline, account } =
        meanwhile === 'running' ? before : await startPipeline(config, await connected(t))
      await account.settled((meanwhile === 'running' ? 90 : 60) * NAMES.length)
      await pipeline.stop()
      assert.deepEqual(account.replaced.sort(), [0, 1])
      const origins = [...range(0, 30), ...range(100, 160)].map(hourOf)
      const forecast = await outputsOf(await witness(kafka.brokers, config.output))
      assertExactlyOnce(forecast, new Map(NAMES.map((series) => [series, origins])))
      for (const { wide } of (await storedStates(broker, config)).states.values()) {
        assert.equal(wide[F64.count], 60, 'observations that the state has seen')
      }
    })
  }

  for (const meanwhile of ['stopped', 'running'] as const) {
    test(`partitions that are added while the pipeline is ${meanwhile} are consumed from their first record, also where it began with the latest`, async (t) => {
      const config = pipelineConfig(`grown-${meanwhile}`, { ...TOWN_SETTINGS, start: 'latest' })
      const added: unknown[] = []
      const consumer = async (): Promise<KafkaBroker> => {
        const log: KafkaLog = (level, message, { partition }) => {
          if (level === 'info' && message.includes('has got a partition')) added.push(partition)
        }
        const { broker, end } = await connectKafka(kafka.brokers, { modelsTopic: 'tidecast.models', log })
        t.after(end)
        return broker
      }
      const broker = await connected(t)
      await broker.ensureTopics([{ name: config.topic, partitions: config.partitions }])
      await appendHours(broker, config.topic, 0, 10, NAMES)
      const before = await startPipeline(config, await consumer())
      while ((await broker.committed(consumerGroup(config.name), config.topic)).includes(null))
        await pause(20)
      await appendHours(broker, config.topic, 10, 40, NAMES)
      await before.account.settled(30 * NAMES.length)
      if (meanwhile === 'stopped') await before.pipeline.stop()
      await addPartitions(kafka.brokers, config.topic, 5)
      await appendHours(await connected(t), config.topic, 40, 70, NAMES)
      const { pipeline, account } =
        meanwhile === 'running' ? before : await startPipeline(config, await consumer())
      await account.settled((meanwhile === 'running' ? 60 : 30) * NAMES.length)
      for (const series of NAMES) {
        const { origin } = JSON.parse(pipeline.latestForecast(series)!) as { readonly origin: string }
        assert.equal(Date.parse(origin), hourOf(69), 'also where the partition before still has a forecast')
      }
      await pipeline.stop()
      assert.deepEqual(added.sort(), [2, 3, 4])
      const forecast = await outputsOf(await witness(kafka.brokers, config.output))
      assertExactlyOnce(forecast, new Map(NAMES.map((series) => [series, range(10, 70).map(hourOf)])))
    })
  }

  test('what was fetched from a topic that was made anew behind an old offset is never settled', async (t) => {
    const topic = 'behind-our-back'
    const broker = await connected(t)
    const append = (to: KafkaBroker, count: number): Promise<void> =>
      to.append(range(0, count).map((i) => record(topic, `of ${count}: ${i}`)))
    await broker.ensureTopics([topic, 'settled'].map((name) => ({ name, partitions: 1 })))
    await append(broker, 10)
    const leases: PartitionLease[] = []
    let taken = (): void => undefined
    const consumption = await broker.consume(topic, 'behind', (lease) => {
      leases.push(lease)
      taken()
    })
    t.after(() => consumption.close())
    while (leases.length < 1) await new Promise<void>((resolve) => (taken = resolve))
    const batch = await leases[0]!.next(10)
    await batch.settle({ outputs: [record('settled', 'old')] })
    await deleteTopic(kafka.brokers, topic)
    const other = await connected(t)
    await other.ensureTopics([{ name: topic, partitions: 1 }])
    await append(other, 100)
    const wrong = await leases[0]!.next(10)
    assert.match(text(wrong.records[0]!.value)!, /^of 100: [1-9]/, 'Kafka answers by name')
    await assert.rejects(wrong.settle({ outputs: [record('settled', 'wrong')] }), /made anew/)
    while (leases.length < 2) await new Promise<void>((resolve) => (taken = resolve))
    assert.notEqual(leases[1]!.topicId, leases[0]!.topicId)
    assert.deepEqual(await values(broker, 'settled'), ['old'])
  })
})

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)

interface Repeats {
  readonly all: number
  readonly marked: number
  /** Forecasts from the newest hour, which are not marked. */
  readonly newest: number
}

async function repeats(broker: KafkaBroker, { output, partitions }: PipelineConfig): Promise<Repeats> {
  const records = []
  for (let partition = 0; partition < partitions; partition++) {
    records.push(...(await collect(broker, output, partition)))
  }
  const isMarked = ({ headers }: LogRecord): boolean => headers?.['tidecast-repeat'] !== undefined
  const newest = new Date(hourOf(30)).toISOString()
  return {
    all: records.length,
    marked: records.filter(isMarked).length,
    newest: records.filter(
      (record) =>
        !isMarked(record) &&
        (JSON.parse(Buffer.from(record.value!).toString()) as { readonly origin: string }).origin === newest,
    ).length,
  }
}

async function collect(broker: KafkaBroker, topic: string, partition: number): Promise<LogRecord[]> {
  const all: LogRecord[] = []
  for await (const records of broker.read(topic, partition, {})) all.push(...records)
  return all
}

const recordsFrom = (records: readonly LogRecord[], offset: number): number =>
  records.filter((record) => record.offset >= offset).length
