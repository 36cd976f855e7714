/** What every broker must do, run against each adapter. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, test } from 'node:test'
import type { Broker, PartitionLease } from '../../src/ports/broker.js'
import { bytes, join, loadRows, readAll, record, rejectsWith, row, text, values } from './broker-helpers.js'

export interface BrokerFixture<B extends Broker = Broker> {
  readonly broker: B
  /** Closes the broker and opens another on the same data. */
  reopen(): Promise<B>
  /** Closes and removes everything. */
  destroy(): Promise<void>
}

export function brokerContract(name: string, open: () => Promise<BrokerFixture>): void {
  describe(`broker contract: ${name}`, () => {
    let fixture: BrokerFixture
    let broker: Broker
    /** New names for every test, since a broker may outlive it. */
    let input: string
    let output: string
    let group: string

    beforeEach(async () => {
      fixture = await open()
      broker = fixture.broker
      const id = randomUUID()
      input = `input-${id}`
      output = `output-${id}`
      group = `group-${id}`
      await broker.ensureTopics([
        { name: input, partitions: 2 },
        { name: output, partitions: 1 },
      ])
    })
    afterEach(() => fixture.destroy())

    const appendMany = (from: number, to: number): Promise<void> =>
      broker.append(Array.from({ length: to - from }, (_, i) => record(input, String(from + i))))

    test('an unknown topic is described as null, a new one as empty', async () => {
      assert.equal(await broker.describe(`unknown-${randomUUID()}`), null)
      assert.deepEqual(await broker.describe(output), [{ earliest: 0, end: 0 }])
      assert.deepEqual(await readAll(broker, output), [])
      assert.ok((await broker.topics()).includes(input))
    })

    test('an existing topic keeps its partitions and records', async () => {
      await broker.append([record(input, 'kept')])
      await broker.ensureTopics([{ name: input, partitions: 5, retentionMs: 1e12 }])
      assert.equal((await broker.describe(input))?.length, 2)
      assert.deepEqual(await values(broker, input), ['kept'])
    })

    test('records come back as appended, in order', async () => {
      const headers = { origin: bytes('ö'), empty: new Uint8Array(0) }
      await broker.append([
        record(input, 'ä 1', { key: bytes('k'), timestamp: 1_700_000_000_000, headers }),
        record(input, '', { key: bytes(''), timestamp: 0 }),
        { topic: input, partition: 0, key: null, value: null, timestamp: 5 },
      ])
      const records = await readAll(broker, input)
      assert.deepEqual(
        records.map(({ timestamp, key, value }) => [timestamp, text(key), text(value)]),
        [
          [1_700_000_000_000, 'k', 'ä 1'],
          [0, '', ''],
          [5, null, null],
        ],
      )
      const read = records[0]?.headers ?? {}
      assert.deepEqual(Object.keys(read), ['origin', 'empty'])
      assert.deepEqual([text(read['origin'] ?? null), text(read['empty'] ?? null)], ['ö', ''])
      assert.ok(records.every(({ offset }, i) => i === 0 || offset > (records[i - 1]?.offset ?? 0)))
    })

    test('a key goes to the partition that Kafka would choose', async () => {
      // murmur2 as in Kafka's own UtilsTest: "21" → −973932308, "foobar" → −790332482, both of an even sum.
      await broker.ensureTopics([{ name: `${input}-7`, partitions: 7 }])
      await broker.append(
        ['21', 'foobar'].map((key) => ({ topic: `${input}-7`, key: bytes(key), value: null })),
      )
      const ends = (await broker.describe(`${input}-7`))?.map(({ end }) => end > 0)
      const expected = Array.from({ length: 7 }, () => false)
      for (const hash of [-973932308, -790332482]) expected[(hash & 0x7fffffff) % 7] = true
      assert.deepEqual(ends, expected)
    })

    test('a record without a time stamp gets the present', async () => {
      const before = Date.now()
      await broker.append([record(input, 'x')])
      const stamp = (await readAll(broker, input))[0]?.timestamp ?? 0
      assert.ok(stamp >= before && stamp <= Date.now())
    })

    test('an append takes effect whole or not at all', async () => {
      const missing = `missing-${randomUUID()}`
      await rejectsWith('unknown-topic', broker.append([record(input, 'a'), record(missing, 'b')]))
      await rejectsWith(
        'too-large',
        broker.append([record(input, 'a'), record(input, 'x'.repeat(9 * 1024 * 1024))]),
      )
      assert.deepEqual(await readAll(broker, input), [])
    })

    test('a read is bounded by offsets, and by the end at the time of the call', async () => {
      await appendMany(0, 6)
      const offsets = (await readAll(broker, input)).map(({ offset }) => offset)
      const range = { fromOffset: offsets[1] ?? 0, toOffset: offsets[4] ?? 0 }
      assert.deepEqual(await values(broker, input, range), ['1', '2', '3'])
      assert.deepEqual(await values(broker, input, { fromOffset: 1e6 }), [])
      const seen: (string | null)[] = []
      for await (const chunk of broker.read(input, 0, {})) {
        seen.push(...chunk.map(({ value }) => text(value)))
        if (seen.length === 6) await appendMany(6, 7)
      }
      assert.equal(seen.length, 6)
    })

    test('a read by time finds records whose time stamps are out of order', async () => {
      for (const timestamp of [50, 10, 90, 30, 70, 20]) {
        await broker.append([record(input, String(timestamp), { timestamp })])
      }
      assert.deepEqual(await values(broker, input, { fromTimestamp: 20, toTimestamp: 70 }), [
        '50',
        '30',
        '20',
      ])
      assert.deepEqual(await values(broker, input, { fromTimestamp: 90 }), ['90'])
    })

    test('a new group gets every partition once, from its start', async () => {
      await appendMany(0, 3)
      const { leases } = await join(broker, input, group, 2)
      assert.deepEqual(
        leases.map(({ topic, partition, committed, skipped }) => ({ topic, partition, committed, skipped })),
        [0, 1].map((partition) => ({ topic: input, partition, committed: 0, skipped: 0 })),
      )
    })

    test('a batch holds at most maxRecords and knows the end of the partition', async () => {
      await appendMany(0, 5)
      const { lease } = await join(broker, input, group, 2)
      const first = await lease.next(2)
      assert.deepEqual(
        first.records.map(({ value }) => text(value)),
        ['0', '1'],
      )
      assert.equal(first.highWatermark, (await broker.describe(input))?.[0]?.end)
      await first.settle({ outputs: [] })
      const rest: (string | null)[] = []
      while (rest.length < 3) {
        const batch = await lease.next(10)
        rest.push(...batch.records.map(({ value }) => text(value)))
        await batch.settle({ outputs: [] })
      }
      assert.deepEqual(rest, ['2', '3', '4'])
    })

    test('next waits for a record', async () => {
      const { lease } = await join(broker, input, group, 2)
      const batch = lease.next(10)
      await broker.append([record(input, 'other partition', { partition: 1 }), record(input, 'awaited')])
      assert.deepEqual(
        (await batch).records.map(({ value }) => text(value)),
        ['awaited'],
      )
    })

    test('one batch is out at a time, and is settled once', async () => {
      await appendMany(0, 2)
      const { lease } = await join(broker, input, group, 2)
      const batch = await lease.next(1)
      await assert.rejects(lease.next(1), /has not been settled/)
      await batch.settle({ outputs: [] })
      await assert.rejects(batch.settle({ outputs: [] }), /settled already/)
      assert.deepEqual(
        (await lease.next(1)).records.map(({ value }) => text(value)),
        ['1'],
      )
    })

    test('a settlement is visible whole, and survives reopening', async () => {
      await appendMany(0, 3)
      const { lease } = await join(broker, input, group, 2)
      const batch = await lease.next(2)
      const rows = [row('a', 0, 'state a'), row('b', 1, 'state b')]
      await batch.settle({ outputs: [record(output, 'forecast')], snapshot: { meta: bytes('meta'), rows } })
      const check = async (current: Broker, owned: PartitionLease): Promise<void> => {
        assert.deepEqual(await values(current, output), ['forecast'])
        assert.equal(owned.committed, (batch.records.at(-1)?.offset ?? 0) + 1)
        assert.equal(text(await owned.states.meta()), 'meta')
        assert.deepEqual(await loadRows(owned), { a: 'state a', b: 'state b' })
        assert.deepEqual(
          (await owned.next(10)).records.map(({ value }) => text(value)),
          ['2'],
        )
      }
      await check(broker, lease)
      const reopened = await fixture.reopen()
      await check(reopened, (await join(reopened, input, group, 2)).lease)
    })

    test('a settlement that fails leaves nothing, and its batch is delivered again', async () => {
      await appendMany(0, 2)
      const { lease } = await join(broker, input, group, 2)
      const batch = await lease.next(2)
      const outputs = [record(output, 'forecast'), record(`missing-${randomUUID()}`, 'x')]
      const snapshot = { meta: bytes('meta'), rows: [row('a', 1, 'state')] }
      await rejectsWith('unknown-topic', batch.settle({ outputs, snapshot }))
      assert.deepEqual(await readAll(broker, output), [])
      assert.equal(lease.committed, 0)
      assert.equal(await lease.states.meta(), null)
      assert.deepEqual(await loadRows(lease), {})
      const again = await lease.next(2)
      assert.deepEqual(
        again.records.map(({ value }) => text(value)),
        ['0', '1'],
      )
      await again.settle({ outputs: [record(output, 'forecast')] })
      assert.deepEqual(await values(broker, output), ['forecast'])
    })

    test('states are replaced one by one, kept per partition and per group', async () => {
      const { leases } = await join(broker, input, group, 2)
      const other = await join(broker, input, `${group}-other`, 2)
      const [first, second] = leases as [PartitionLease, PartitionLease]
      await first.checkpoint({ meta: bytes('1'), rows: [row('a', 1, 'old'), row('b', 1, 'kept')] })
      await first.checkpoint({ meta: bytes('2'), rows: [row('a', 2, 'new')] })
      await second.checkpoint({ meta: bytes('3'), rows: [row('a', 3, 'second')] })
      assert.deepEqual(await loadRows(first), { a: 'new', b: 'kept' })
      const { offset, model, series } = (await first.states.get('a')) ?? {}
      assert.deepEqual({ offset, model, series }, { offset: 2, model: 'gru@1', series: 'a' })
      assert.equal(await first.states.get('unknown'), null)
      assert.equal(await other.lease.states.meta(), null)
      assert.deepEqual(await loadRows(second), { a: 'second' })
    })

    test('a move to another offset, back or on, takes the states of that partition with it, and is kept', async () => {
      await appendMany(0, 4)
      const { leases } = await join(broker, input, group, 2)
      const [first, second] = leases as [PartitionLease, PartitionLease]
      assert.deepEqual([first.fresh, second.fresh], [true, true])
      const offsets = (await readAll(broker, input)).map(({ offset }) => offset)
      const settled = await first.next(3)
      await assert.rejects(first.moveTo(0, bytes('early')), /has not been settled/)
      await settled.settle({ outputs: [], snapshot: { meta: bytes('1'), rows: [row('a', 1, 'of before')] } })
      await second.checkpoint({ meta: bytes('2'), rows: [row('a', 3, 'second')] })
      await first.moveTo(offsets[1]!, bytes('moved'))
      const check = async (lease: PartitionLease): Promise<void> => {
        assert.deepEqual([lease.committed, lease.fresh, lease.skipped], [offsets[1], false, 0])
        assert.equal(text(await lease.states.meta()), 'moved')
        assert.deepEqual(await loadRows(lease), {})
      }
      await check(first)
      assert.deepEqual(await loadRows(second), { a: 'second' })
      const again = await first.next(10)
      assert.deepEqual(
        again.records.map(({ value }) => text(value)),
        ['1', '2', '3'],
      )
      again.abandon()
      const reopened = await fixture.reopen()
      const { leases: later } = await join(reopened, input, group, 2)
      await check(later[0]!)
      assert.equal(later[1]!.fresh, true)
      await later[0]!.moveTo(offsets[3]!, bytes('on'))
      const last = await later[0]!.next(10)
      assert.deepEqual(
        last.records.map(({ value }) => text(value)),
        ['3'],
      )
    })

    test('a time has the offset of the first record from then on, or the end', async () => {
      for (const timestamp of [10, 30, 20, 40]) {
        await broker.append([record(input, String(timestamp), { timestamp })])
      }
      const found = async (timestamp: number): Promise<string | null | undefined> => {
        const offset = await broker.offsetAt(input, 0, timestamp)
        return (await values(broker, input, { fromOffset: offset }))[0]
      }
      assert.deepEqual(await Promise.all([-5, 10, 11, 30, 31, 41].map(found)), [
        ...['10', '10', '30', '30', '40'],
        undefined,
      ])
      assert.equal(await broker.offsetAt(input, 0, 41), (await broker.describe(input))![0]!.end)
      assert.equal(await broker.offsetAt(input, 1, 0), 0)
      await rejectsWith('unknown-topic', broker.offsetAt(input, 2, 0))
    })

    test('states that a settlement deletes are gone with it, also after reopening, and others stay', async () => {
      await appendMany(0, 1)
      const { lease } = await join(broker, input, group, 2)
      const long = 'x'.repeat(500)
      const rows = ['a', 'b', long].map((series) => row(series, 0, 'state'))
      await lease.checkpoint({ meta: bytes('1'), rows })
      const batch = await lease.next(1)
      await batch.settle({
        outputs: [],
        snapshot: { meta: bytes('2'), rows: [row('c', 1, 'state')], deleted: ['a', long, 'never stored'] },
      })
      assert.equal(await lease.states.get('a'), null)
      assert.deepEqual(await loadRows(lease), { b: 'state', c: 'state' })
      const reopened = await fixture.reopen()
      assert.deepEqual(await loadRows((await join(reopened, input, group, 2)).lease), {
        b: 'state',
        c: 'state',
      })
    })

    test('a topic has an id of its own, which it keeps', async () => {
      const ofInput = await join(broker, input, group, 2)
      const ofOutput = await join(broker, output, `${group}-of-output`)
      const ids = ofInput.leases.map(({ topicId }) => topicId)
      assert.notEqual(ids[0], null)
      assert.equal(ids[1], ids[0])
      assert.notEqual(ofOutput.lease.topicId, ids[0])
      broker = await fixture.reopen()
      await broker.ensureTopics([{ name: input, partitions: 2, retentionMs: 1e12 }])
      assert.equal((await join(broker, input, group, 2)).lease.topicId, ids[0])
    })

    test('a checkpoint settles nothing', async () => {
      await appendMany(0, 1)
      const { lease, consumption } = await join(broker, input, group, 2)
      const batch = await lease.next(1)
      await lease.checkpoint({ meta: bytes('m'), rows: [] })
      await consumption.close()
      await rejectsWith('revoked', batch.settle({ outputs: [] }))
      assert.equal((await join(broker, input, group, 2)).lease.committed, 0)
    })

    test('two consumers of a group never hold a partition at once, and the second takes over', async () => {
      const held = new Map<number, number>()
      const track = (lease: PartitionLease): void => {
        held.set(lease.partition, (held.get(lease.partition) ?? 0) + 1)
        assert.equal(held.get(lease.partition), 1)
        lease.revoked.addEventListener('abort', () => held.set(lease.partition, 0))
      }
      const first = await broker.consume(input, group, track)
      let taken = (): void => undefined
      const takenOver = new Promise<void>((resolve) => (taken = resolve))
      const second = await broker.consume(input, group, (lease) => {
        track(lease)
        if ([...held.values()].every((count) => count === 1) && held.size === 2) taken()
      })
      await first.close()
      await takenOver
      await second.close()
      assert.deepEqual([...held.values()], [0, 0])
    })

    test('releasing wakes the one who waits, commits nothing and lets another consumer in', async () => {
      const { lease, consumption } = await join(broker, input, group, 2)
      const waiting = rejectsWith('revoked', lease.next(1))
      await lease.release()
      await waiting
      assert.ok(lease.revoked.aborted)
      await rejectsWith('revoked', lease.next(1))
      await rejectsWith('revoked', lease.checkpoint({ meta: bytes(''), rows: [] }))
      await rejectsWith('revoked', lease.moveTo(0, bytes('')))
      const successor = await join(broker, input, group, 1)
      assert.equal(successor.lease.partition, lease.partition)
      assert.equal(successor.lease.committed, 0)
      await consumption.close()
    })

    test('a settlement under way when the partition is given back is seen whole or not at all by its next owner', async () => {
      await appendMany(0, 1)
      const { lease } = await join(broker, input, group, 2)
      const batch = await lease.next(1)
      const snapshot = { meta: bytes('m'), rows: [row('s', 0, 'state')] }
      const settling = batch.settle({ outputs: [record(output, 'forecast')], snapshot }).then(
        () => true,
        () => false,
      )
      await lease.release()
      const successor = (await join(broker, input, group, 1)).lease
      const settled = await settling
      assert.equal(successor.committed > 0, settled)
      assert.deepEqual(await values(broker, output), settled ? ['forecast'] : [])
      assert.deepEqual(await loadRows(successor), settled ? { s: 'state' } : {})
    })

    test('after closing everything is refused', async () => {
      await appendMany(0, 1)
      const { leases } = await join(broker, input, group, 2)
      const batch = await (leases[0] as PartitionLease).next(1)
      const waiting = rejectsWith('revoked', (leases[1] as PartitionLease).next(1))
      await broker.close()
      await waiting
      assert.ok(leases.every(({ revoked }) => revoked.aborted))
      await rejectsWith('closed', batch.settle({ outputs: [] }))
      await rejectsWith('closed', (leases[1] as PartitionLease).next(1))
      await rejectsWith('closed', broker.append([record(input, 'x')]))
      await rejectsWith('closed', broker.describe(input))
      await rejectsWith('closed', broker.topics())
      await rejectsWith('closed', broker.ensureTopics([]))
      await rejectsWith('closed', readAll(broker, input))
      await rejectsWith(
        'closed',
        broker.consume(input, group, () => undefined),
      )
      await broker.close()
    })
  })
}
