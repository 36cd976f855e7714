import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import type { TestContext } from 'node:test'
import { PartitionFetcher } from '../../../src/adapters/kafka/fetcher.js'
import type { KafkaBroker } from '../../../src/adapters/kafka/kafka-broker.js'
import { createClient } from '../../../src/adapters/kafka/connection.js'
import { openKafkaBroker } from '../../../src/adapters/kafka/kafka-broker.js'
import { Publisher } from '../../../src/adapters/kafka/publisher.js'
import { Transactor } from '../../../src/adapters/kafka/transactor.js'
import { addressed } from '../../../src/adapters/kafka/sends.js'
import type { PartitionLease } from '../../../src/ports/broker.js'
import { systemClock } from '../../../src/ports/clock.js'
import {
  bytes,
  join,
  loadRows,
  readAll,
  record,
  rejectsWith,
  row,
  text,
  values,
} from '../../contract/broker-helpers.js'
import { addPartitions } from '../../support/kafka-witness.js'
import { connectionTo, connectKafka, startKafka, withoutKafka, type RealKafka } from '../../support/kafka.js'
import { randomNetwork } from '../../support/pinned-network.js'
import { pipelineConfig } from '../../support/pipeline-config.js'

describe('on a real Kafka', { skip: withoutKafka }, () => {
  let kafka: RealKafka
  before(async () => (kafka = await startKafka()))
  after(() => kafka.stop())

  async function connected(
    t: TestContext,
    options: Parameters<typeof connectKafka>[1] = {},
  ): Promise<KafkaBroker> {
    const { broker, end } = await connectKafka(kafka.brokers, options)
    t.after(end)
    return broker
  }

  async function topics(broker: KafkaBroker): Promise<{ input: string; output: string; group: string }> {
    const id = randomUUID()
    const names = { input: `input-${id}`, output: `output-${id}`, group: `group-${id}` }
    await broker.ensureTopics([
      { name: names.input, partitions: 1 },
      { name: names.output, partitions: 1 },
    ])
    return names
  }

  const client = () => createClient(connectionTo(kafka.brokers), () => undefined)

  test('an owner that has been replaced without knowing can settle nothing any more', async (t) => {
    const broker = await connected(t)
    const { input, output, group } = await topics(broker)
    await broker.append([record(input, 'a')])
    const { lease } = await join(broker, input, group)
    const batch = await lease.next(10)
    // What the next owner does first, wherever it runs.
    const next = await Transactor.open(await client(), `tidecast-${group}-${input}-0`)
    await rejectsWith('revoked', batch.settle({ outputs: [record(output, 'stale')] }))
    assert.ok(lease.revoked.aborted)
    assert.deepEqual(await values(broker, output), [])
    assert.deepEqual(await broker.committed(group, input), [null])
    await next.close()
  })

  test('a partition that was lost while still assigned is taken over anew, with its states', async (t) => {
    const broker = await connected(t)
    const { input, output, group } = await topics(broker)
    await broker.append([record(input, 'a'), record(input, 'b')])
    const leases: PartitionLease[] = []
    let second = (): void => undefined
    const again = new Promise<void>((resolve) => (second = resolve))
    let first = (): void => undefined
    const once = new Promise<void>((resolve) => (first = resolve))
    await broker.consume(input, group, (lease) => {
      leases.push(lease)
      if (leases.length === 1) first()
      else second()
    })
    await once
    const batch = await leases[0]!.next(1)
    const snapshot = { meta: bytes('m'), rows: [row('s', 0, 'state')] }
    await batch.settle({ outputs: [record(output, '1')], snapshot })
    await (await Transactor.open(await client(), `tidecast-${group}-${input}-0`)).close()
    const failing = await leases[0]!.next(1)
    await rejectsWith('revoked', failing.settle({ outputs: [record(output, '2')] }))
    await again
    const lease = leases[1]!
    assert.equal(lease.committed, 1)
    assert.deepEqual(await loadRows(lease), { s: 'state' })
    const redelivered = await lease.next(1)
    assert.equal(text(redelivered.records[0]!.value), 'b')
    await redelivered.settle({ outputs: [record(output, '2')] })
    assert.deepEqual(await values(broker, output), ['1', '2'])
  })

  test('what is sent to a partition that its topic got since is written, or rejects', async (t) => {
    const { input } = await topics(await connected(t))
    const publisher = new Publisher(await client())
    t.after(() => publisher.close())
    const transactor = await Transactor.open(await client(), `appender-${input}`)
    t.after(() => transactor.close())
    const to = (partition: number, value: string) =>
      addressed(input, partition, { key: null, value: Buffer.from(value) })
    await publisher.send([to(0, 'published, before')])
    await transactor.run([to(0, 'settled, before')])
    await addPartitions(kafka.brokers, input, 3)
    await publisher.send([to(1, 'published, since')])
    await transactor.run([to(2, 'settled, since')])
    const later = await connected(t)
    const valuesIn = async (partition: number) =>
      (await readAll(later, input, partition)).map(({ value }) => text(value))
    assert.deepEqual(await valuesIn(1), ['published, since'])
    assert.deepEqual(await valuesIn(2), ['settled, since'])
    await assert.rejects(publisher.send([to(7, 'nowhere')]), /does not host this topic-partition/)
  })

  test('records of an aborted transaction are never seen, those around them are', async (t) => {
    const broker = await connected(t)
    const { output } = await topics(broker)
    const kafkaClient = await client()
    const message = (value: string) => addressed(output, 0, { key: null, value: Buffer.from(value) })
    const committing = await Transactor.open(kafkaClient, `committing-${output}`)
    const producer = kafkaClient.producer({ transactionalId: `aborting-${output}`, idempotent: true })
    await producer.connect()
    for (let i = 0; i < 3; i++) {
      const aborted = await producer.transaction()
      await aborted.send({ topic: output, messages: [{ value: `aborted ${i}` }] })
      await committing.run([message(`committed ${i}`)])
      await aborted.send({ topic: output, messages: [{ value: `aborted too ${i}` }] })
      await aborted.abort()
    }
    await producer.disconnect()
    await committing.close()
    assert.deepEqual(await values(broker, output), ['committed 0', 'committed 1', 'committed 2'])
    // Also from the middle of a batch, and one record at a time.
    const fetcher = new PartitionFetcher(kafkaClient, output, 0)
    const { records } = await fetcher.fetch(1, 100)
    assert.deepEqual(
      records.map(({ value }) => text(value)),
      ['committed 0', 'committed 1', 'committed 2'],
    )
    await fetcher.close()
  })

  test('a stretch that is named is read whole or not at all, also where a transaction holds up its end', async (t) => {
    const broker = await connected(t)
    const { output } = await topics(broker)
    await broker.append([record(output, 'before')])
    const producer = (await client()).producer({ transactionalId: `open-${output}`, idempotent: true })
    await producer.connect()
    const open = await producer.transaction()
    await open.send({ topic: output, messages: [{ value: 'undecided' }] })
    assert.deepEqual(await values(broker, output, { toOffset: 1 }), ['before'])
    await rejectsWith('unavailable', values(broker, output, { toOffset: 2 }))
    await open.commit()
    assert.deepEqual(await values(broker, output, { toOffset: 2 }), ['before', 'undecided'])
    await producer.disconnect()
  })

  test('one settlement of many large outputs is whole, although it takes many requests', async (t) => {
    const broker = await connected(t)
    const { input, output, group } = await topics(broker)
    await broker.append([record(input, 'a')])
    const { lease } = await join(broker, input, group)
    const outputs = Array.from({ length: 4000 }, (_, i) => record(output, `${i} ${'x'.repeat(800)}`))
    await (await lease.next(1)).settle({ outputs })
    const seen = (await readAll(broker, output)).map(({ value }) => Number.parseInt(text(value) ?? '', 10))
    assert.deepEqual(
      seen,
      Array.from({ length: 4000 }, (_, i) => i),
    )
  })

  test('a model larger than a record comes back bit by bit, also in another process', async (t) => {
    const modelsTopic = `models-${randomUUID()}`
    const broker = await connected(t, { modelsTopic })
    const config = pipelineConfig('p', {})
    const model = randomNetwork(config, ['a'])
    const weights = Float32Array.from({ length: 700_000 }, (_, i) => Math.fround(Math.sin(i)))
    const { version } = await broker.models.put({ ...model, weights })
    const second = await broker.models.put(model)
    assert.deepEqual([version, second.version], [1, 2])
    await broker.models.setChampion('p', 2)
    const other = await connected(t, { modelsTopic })
    assert.deepEqual(other.models.get('p', 1), { ...model, weights, version: 1 })
    assert.deepEqual(
      other.models.list('p').map((one) => one.version),
      [1, 2],
    )
    assert.equal(other.models.champion('p'), 2)
    assert.equal(other.models.champion('q'), null)
    // It has not seen what the first stores now, and still gives out no number twice.
    await broker.models.put(model)
    assert.equal((await other.models.put(model)).version, 4)
    await other.models.setChampion('p', null)
    assert.equal((await connected(t, { modelsTopic })).models.champion('p'), null)
    await assert.rejects(broker.models.setChampion('p', 9), RangeError)
  })

  test('of a version that is removed compaction keeps nothing, neither its description nor a part of its weights', async (t) => {
    const modelsTopic = `models-${randomUUID()}`
    const broker = await connected(t, { modelsTopic })
    const model = randomNetwork(pipelineConfig('p', {}), ['a'])
    await broker.models.put({ ...model, weights: new Float32Array(300_000) })
    await broker.models.put(model)
    await broker.models.remove('p', [1])
    const left = new Map<string, boolean>()
    for (const { key, value } of await readAll(broker, modelsTopic)) {
      left.set(Buffer.from(key!).toString(), value !== null)
    }
    const ofIt = [...left].filter(([key]) => /^\["p",1[,\]]/.test(key))
    assert.ok(ofIt.length > 2, 'a description and more than one part')
    for (const [key, present] of ofIt) assert.equal(present, false, key)
  })

  test('a second process in the folder of another one is refused', async (t) => {
    const { broker, dir, end } = await connectKafka(kafka.brokers)
    t.after(end)
    const { input, group } = await topics(broker)
    await join(broker, input, group)
    const other = await connected(t, { dir })
    await rejectsWith(
      'locked',
      other.consume(input, group, () => undefined),
    )
  })

  test('a cluster that cannot be reached is told as that, soon', async () => {
    const started = performance.now()
    await assert.rejects(
      openKafkaBroker({
        connection: connectionTo('127.0.0.1:1', { connectionTimeoutMs: 500, requestTimeoutMs: 1000 }),
        dir: '/nowhere',
        mapSizeBytes: 2 ** 20,
        createTopics: true,
        standby: false,
        replicationFactor: -1,
        modelsTopic: 'models',
        sessionTimeoutMs: 10_000,
        heartbeatMs: 1000,
        clock: systemClock,
        pid: 1,
        log: () => undefined,
      }),
      {
        name: 'BrokerError',
        code: 'unavailable',
        retriable: true,
        message: /127\.0\.0\.1:1.*broker\.kafka\.brokers/,
      },
    )
    assert.ok(performance.now() - started < 10_000)
  })
})
