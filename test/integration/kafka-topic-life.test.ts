import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { TestContext } from 'node:test'
import type { KafkaBroker } from '../../src/adapters/kafka/kafka-broker.js'
import { registerReset } from '../../src/cli/reset.js'
import type { PipelineConfig } from '../../src/config/types.js'
import type { LogRecord } from '../../src/ports/broker.js'
import { runCommand, type Outcome } from '../cli/replay/harness.js'
import { appendHours, hourOf, TOWN_SETTINGS } from '../support/kafka-town.js'
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
})

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
