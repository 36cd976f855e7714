import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join as path } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { statesTopic } from '../../../src/adapters/kafka/states-topic.js'
import type { StateRow } from '../../../src/ports/broker.js'
import { bytes, join, loadRows, row } from '../../contract/broker-helpers.js'
import { deleteTopic } from '../../support/kafka-witness.js'
import { connectKafka, startKafka, withoutKafka, type RealKafka } from '../../support/kafka.js'

/** What an owner finds when it takes a partition over: its rows, and from where on the states topic was read for them. */
interface Found {
  readonly rows: Record<string, string>
  readonly from: number
}

describe("a process's copy of states on a real Kafka", { skip: withoutKafka }, () => {
  let home: string
  let kafka: RealKafka
  let input: string
  let group: string
  before(async () => {
    home = await mkdtemp(path(tmpdir(), 'tidecast-copies-'))
    kafka = await startKafka()
  })
  beforeEach(async () => {
    const id = randomUUID()
    input = `input-${id}`
    group = `group-${id}`
    const { broker, end } = await connectKafka(kafka.brokers)
    await broker.ensureTopics([{ name: input, partitions: 1 }])
    await end()
  })
  after(async () => {
    await kafka.stop()
    await rm(home, { recursive: true })
  })

  /** Owns the partition for a while, in a folder of its own, and writes these rows. */
  async function own(
    dir: string,
    rows: readonly StateRow[],
    deleted: readonly string[] = [],
  ): Promise<Found> {
    let from = NaN
    const { broker, end } = await connectKafka(kafka.brokers, {
      dir: path(home, `${dir}-${group}`),
      log: (_, message, details) => {
        if (message === 'kafka: states are copied') from = Number(details['from'])
      },
    })
    try {
      const { lease } = await join(broker, input, group)
      const found = { rows: await loadRows(lease), from }
      // One by one, as in snapshots that follow each other.
      for (const one of rows) await lease.checkpoint({ meta: bytes('m'), rows: [one] })
      if (deleted.length > 0) await lease.checkpoint({ meta: bytes('m'), rows: [], deleted })
      return found
    } finally {
      await end()
    }
  }

  test('is kept when the partition goes, and completed with what others wrote when it comes back', async () => {
    const first = await own('a', [row('kept', 0, 'a'), row('changed', 1, 'a'), row('removed', 2, 'a')])
    assert.deepEqual(first, { rows: {}, from: 0 })
    const second = await own('b', [row('changed', 3, 'b'), row('new', 4, 'b')], ['removed'])
    assert.deepEqual(second, { rows: { kept: 'a', changed: 'a', removed: 'a' }, from: 0 })
    const third = await own('a', [])
    assert.deepEqual(third.rows, { kept: 'a', changed: 'b', new: 'b' })
    assert.ok(third.from > 3, `what it wrote itself is not read again, but for the end: from ${third.from}`)
  })

  test('is kept warm while another process owns the partition, and taken over as it is', async () => {
    const owner = await connectKafka(kafka.brokers)
    const { lease, consumption } = await join(owner.broker, input, group)
    await lease.checkpoint({ meta: bytes('m'), rows: [row('changed', 1, 'a'), row('removed', 2, 'a')] })
    const logs = new EventEmitter()
    const standby = await connectKafka(kafka.brokers, {
      standby: true,
      log: (_, message, details) => logs.emit(message, details),
    })
    try {
      let reached = 0
      const complete = 'kafka: a standby copy is complete'
      logs.on(complete, ({ position }: { position: number }) => (reached = position))
      const until = async (position: number): Promise<void> => {
        while (reached < position) await once(logs, complete)
      }
      const states = async (): Promise<number> => (await owner.broker.describe(statesTopic(group)))![0]!.end
      const first = until(await states())
      const second = join(standby.broker, input, group)
      await first
      await lease.checkpoint({ meta: bytes('m'), rows: [row('changed', 3, 'b')], deleted: ['removed'] })
      const end = await states()
      await until(end)
      const copying = once(logs, 'kafka: states are copied')
      await consumption.close()
      const taken = (await second).lease
      const [{ from }] = (await copying) as [{ from: number }]
      assert.deepEqual(await loadRows(taken), { changed: 'b' })
      assert.ok(from >= end, `read again from ${from}, although ${end} was reached`)
    } finally {
      await standby.end()
      await owner.end()
    }
  })

  test('is not taken for that of a states topic made anew under the same name', async () => {
    await own('a', [row('old', 0, 'a')])
    await deleteTopic(kafka.brokers, statesTopic(group))
    const rows = Array.from({ length: 20 }, (_, i) => row('new', i, `b${i}`))
    assert.deepEqual(await own('b', rows), { rows: {}, from: 0 })
    assert.deepEqual(await own('a', []), { rows: { new: 'b19' }, from: 0 })
  })
})
