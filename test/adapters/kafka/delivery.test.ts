import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import process from 'node:process'
import { after, before, describe, test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { createClient } from '../../../src/adapters/kafka/connection.js'
import type { KafkaBroker } from '../../../src/adapters/kafka/kafka-broker.js'
import { Publisher } from '../../../src/adapters/kafka/publisher.js'
import { addressed } from '../../../src/adapters/kafka/sends.js'
import { Transactor } from '../../../src/adapters/kafka/transactor.js'
import type { Delivery, PartitionLease } from '../../../src/ports/broker.js'
import { bytes, loadRows, record, rejectsWith, row, text, values } from '../../contract/broker-helpers.js'
import { connectionTo, connectKafka, startKafka, withoutKafka, type RealKafka } from '../../support/kafka.js'

/** Long enough that nothing in these tests waits for it to pass. */
const HOUR = 3_600_000

describe('delivery on a real Kafka', { skip: withoutKafka }, () => {
  let kafka: RealKafka
  before(async () => (kafka = await startKafka()))
  after(() => kafka.stop())

  interface Place {
    readonly broker: KafkaBroker
    readonly input: string
    readonly output: string
    readonly group: string
  }

  async function place(t: TestContext): Promise<Place> {
    const { broker, end } = await connectKafka(kafka.brokers)
    t.after(end)
    const id = randomUUID()
    const names = { input: `input-${id}`, output: `output-${id}`, group: `group-${id}` }
    await broker.ensureTopics([names.input, names.output].map((name) => ({ name, partitions: 1 })))
    return { broker, ...names }
  }

  const client = () => createClient(connectionTo(kafka.brokers), () => undefined)

  async function lease(
    { broker, input, group }: Place,
    delivery: Delivery,
  ): Promise<{ lease: PartitionLease; leave: () => Promise<void> }> {
    return new Promise((resolve, reject) => {
      const joined = broker.consume(
        input,
        group,
        (lease) => {
          joined.then((consumption) => resolve({ lease, leave: () => consumption.close() }), reject)
        },
        delivery,
      )
      joined.catch(reject)
    })
  }

  test('exactly once: what comes within a commit interval makes one batch, a full batch does not wait', async (t) => {
    const at = await place(t)
    const { broker, input, output } = at
    const interval = 2000
    const { lease: mine } = await lease(at, { guarantee: 'exactly-once', commitIntervalMs: interval })
    await broker.append([record(input, 'first')])
    const first = await mine.next(3)
    const taken = performance.now()
    await first.settle({ outputs: [record(output, 'first')] })
    for (const value of ['a', 'b']) await broker.append([record(input, value)])
    const second = await mine.next(3)
    assert.equal(second.records.length, 2)
    assert.ok(performance.now() - taken >= interval - 1)
    await second.settle({ outputs: [] })
    await broker.append(['c', 'd', 'e', 'f'].map((value) => record(input, value)))
    const third = await mine.next(1)
    await third.settle({ outputs: [] })
    const before = performance.now()
    const fourth = await mine.next(3)
    assert.ok(performance.now() - before < interval / 2)
    assert.equal(fourth.records.length, 3)
  })

  test('at least once: forecasts are visible before their offset, which follows by itself', async (t) => {
    const at = await place(t)
    const { broker, input, output, group } = at
    const { lease: mine } = await lease(at, { guarantee: 'at-least-once', commitIntervalMs: HOUR })
    await broker.append([record(input, 'a')])
    await (await mine.next(10)).settle({ outputs: [record(output, 'A')] })
    while ((await broker.committed(group, input))[0] === null) continue
    await broker.append([record(input, 'b')])
    await (await mine.next(10)).settle({ outputs: [record(output, 'B')] })
    assert.deepEqual(await values(broker, output), ['A', 'B'])
    assert.equal(mine.committed, 2)
    assert.deepEqual(await broker.committed(group, input), [1])
    await broker.append([record(input, 'c')])
    const outputs = [record(output, 'C')]
    const snapshot = { meta: bytes('3'), rows: [row('s', 2, 'state')] }
    await (await mine.next(10)).settle({ outputs, snapshot })
    assert.deepEqual(await broker.committed(group, input), [3], 'a snapshot takes its offset along')
  })

  test('at least once: an owner that leaves commits what it has published', async (t) => {
    const at = await place(t)
    const { broker, input, output, group } = at
    const delivery: Delivery = { guarantee: 'at-least-once', commitIntervalMs: HOUR }
    const { lease: mine, leave } = await lease(at, delivery)
    await broker.append(['a', 'b', 'c'].map((value) => record(input, value)))
    await (await mine.next(1)).settle({ outputs: [record(output, 'A')] })
    while ((await broker.committed(group, input))[0] === null) continue
    await (await mine.next(1)).settle({ outputs: [record(output, 'B')] })
    assert.deepEqual(await broker.committed(group, input), [1])
    await leave()
    assert.deepEqual(await broker.committed(group, input), [2])
  })

  test('at least once: what an owner published and could not commit comes again, nothing is lost', async (t) => {
    const at = await place(t)
    const { broker, input, output, group } = at
    const leases: PartitionLease[] = []
    let more = (): void => undefined
    const taken = (): Promise<void> => new Promise((resolve) => (more = resolve))
    const first = taken()
    await broker.consume(
      input,
      group,
      (lease) => {
        leases.push(lease)
        more()
      },
      { guarantee: 'at-least-once', commitIntervalMs: HOUR },
    )
    await first
    await broker.append(['a', 'b', 'c', 'd'].map((value) => record(input, value)))
    const mine = leases[0]!
    const states = { meta: bytes('m'), rows: [row('s', 0, 'state')] }
    await (await mine.next(1)).settle({ outputs: [record(output, 'A')], snapshot: states })
    await (await mine.next(1)).settle({ outputs: [record(output, 'B')] })
    while ((await broker.committed(group, input))[0] !== 2) continue
    await (await mine.next(1)).settle({ outputs: [record(output, 'C')] })
    // Whoever takes the partition over does this first; from then on the old owner can commit nothing.
    await (await Transactor.open(await client(), `tidecast-${group}-${input}-0`)).close()
    const second = taken()
    const failing = (await mine.next(1)).settle({ outputs: [record(output, 'D')], snapshot: states })
    await rejectsWith('revoked', failing)
    await second
    const theirs = leases[1]!
    assert.equal(theirs.committed, 2)
    assert.deepEqual(await loadRows(theirs), { s: 'state' })
    const again = await theirs.next(10)
    assert.deepEqual(
      again.records.map(({ value }) => text(value)),
      ['c', 'd'],
    )
    await again.settle({ outputs: ['C', 'D'].map((value) => record(output, value)) })
    assert.deepEqual(await values(broker, output), ['A', 'B', 'C', 'D', 'C', 'D'])
  })

  test('an append that failed and was written nevertheless does not swallow the one after it', async (t) => {
    const { broker, output } = await place(t)
    const impatient = await createClient(
      connectionTo(kafka.brokers, { requestTimeoutMs: 300, connectionTimeoutMs: 300 }),
      () => undefined,
    )
    const publisher = new Publisher(impatient)
    t.after(() => publisher.close())
    const send = (value: string) =>
      publisher.send([addressed(output, 0, { key: null, value: Buffer.from(value) })])
    await send('first')
    process.kill(kafka.pid, 'SIGSTOP')
    try {
      // What it is sent waits for it in the connection.
      await assert.rejects(send('failed'))
    } finally {
      process.kill(kafka.pid, 'SIGCONT')
    }
    while ((await broker.describe(output))![0]!.end < 2) await pause(20)
    await send('next')
    assert.deepEqual(await values(broker, output), ['first', 'failed', 'next'])
  })
})
