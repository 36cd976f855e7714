/** How dead letters go back to the input, run against each broker. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, test } from 'node:test'
import type { PipelineConfig } from '../../src/config/types.js'
import { REJECT_REASONS, type RejectReason } from '../../src/core/decode.js'
import { redrive, type RedriveOptions, type RedriveReport } from '../../src/pipeline/redrive.js'
import type { Broker, LogRecord, OutboundRecord } from '../../src/ports/broker.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import type { BrokerFixture } from './broker-contract.js'
import { bytes, readAll, text } from './broker-helpers.js'

export function redriveContract(name: string, open: () => Promise<BrokerFixture>): void {
  describe(`dead letters go back: ${name}`, () => {
    let fixture: BrokerFixture
    let broker: Broker
    let config: PipelineConfig

    beforeEach(async () => {
      fixture = await open()
      broker = fixture.broker
      config = pipelineConfig(`p${randomUUID()}`, {})
      await broker.ensureTopics([
        { name: config.topic, partitions: 3 },
        { name: config.deadLetter, partitions: 2 },
      ])
    })
    afterEach(() => fixture.destroy())

    const letter = (
      i: number,
      reason: string,
      more: Readonly<Record<string, string>> = {},
    ): OutboundRecord => ({
      topic: config.deadLetter,
      partition: i % 2,
      timestamp: 1000 + i,
      key: bytes('k'),
      value: bytes(`v${i}`),
      headers: Object.fromEntries(
        Object.entries({
          trace: `t${i}`,
          'tidecast-reason': reason,
          'tidecast-topic': config.topic,
          'tidecast-partition': '2',
          'tidecast-offset': '7',
          ...more,
        }).map(([header, value]) => [header, bytes(value)]),
      ),
    })
    const run = (options: Partial<RedriveOptions> = {}): Promise<RedriveReport> =>
      redrive(broker, config, {
        reasons: REJECT_REASONS,
        truncated: false,
        limit: Infinity,
        dryRun: false,
        onProgress: () => undefined,
        signal: new AbortController().signal,
        ...options,
      })
    const input = async (): Promise<LogRecord[]> => {
      const all = [0, 1, 2].map((partition) => readAll(broker, config.topic, partition))
      return (await Promise.all(all)).flat()
    }
    const sent = async (): Promise<string[]> =>
      (await input())
        .map(({ value }) => text(value) ?? '')
        .sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)))

    test('a letter goes back as it was, to where it came from, with its own headers and a count', async () => {
      await broker.append([letter(0, 'bad-value'), letter(1, 'bad-ts', { 'tidecast-redrive': '1' })])
      assert.deepEqual(await run(), { found: { 'bad-value': 1, 'bad-ts': 1 }, sent: 2, truncated: 0 })
      assert.deepEqual(
        (await readAll(broker, config.topic, 2)).map(({ key, value, timestamp, headers }) => [
          ...[text(key), text(value), timestamp],
          Object.entries(headers ?? {}).map(([header, bytes]) => `${header}=${text(bytes)}`),
        ]),
        [
          ['k', 'v0', 1000, ['trace=t0', 'tidecast-redrive=1']],
          ['k', 'v1', 1001, ['trace=t1', 'tidecast-redrive=2']],
        ],
      )
    })

    test('letters of another topic, or of a partition that is no more, go where their key belongs', async () => {
      await broker.append([letter(0, 'bad-value', { 'tidecast-topic': 'another' })])
      await broker.append([letter(2, 'bad-value', { 'tidecast-partition': '9' })])
      await broker.append([{ topic: config.topic, key: bytes('k'), value: bytes('v1') }])
      await run()
      assert.deepEqual(await sent(), ['v0', 'v1', 'v2'])
      const partitions = [0, 1, 2].map(async (p) => (await readAll(broker, config.topic, p)).length)
      assert.deepEqual((await Promise.all(partitions)).sort(), [0, 0, 3])
    })

    test('each letter is sent once, however often and for whatever reasons it is asked for', async () => {
      const reasons: RejectReason[] = ['bad-value', 'bad-ts', 'out-of-range']
      await broker.append(Array.from({ length: 30 }, (_, i) => letter(i, reasons[i % 3]!)))
      assert.equal((await run({ reasons: ['bad-ts'], dryRun: true })).sent, 0)
      assert.deepEqual(await sent(), [])
      assert.deepEqual(await run({ reasons: ['bad-ts'] }), {
        found: { 'bad-ts': 10 },
        sent: 10,
        truncated: 0,
      })
      assert.deepEqual(await run({ reasons: ['bad-ts'] }), { found: {}, sent: 0, truncated: 0 })
      assert.equal((await run({ limit: 7 })).sent, 7)
      broker = await fixture.reopen()
      assert.equal((await run()).sent, 13)
      assert.deepEqual(await run(), { found: {}, sent: 0, truncated: 0 })
      await broker.append([letter(30, 'bad-ts')])
      assert.equal((await run()).sent, 1)
      assert.deepEqual(
        await sent(),
        Array.from({ length: 31 }, (_, i) => `v${i}`),
      )
    })

    test('a letter that was cut stays, counted apart, until it is asked for; then it goes once', async () => {
      const cut = { 'tidecast-truncated': '2000000' }
      await broker.append([0, 1, 2].map((i) => letter(2 * i, 'bad-value', i === 1 ? cut : {})))
      assert.deepEqual(await run({ reasons: ['bad-ts'] }), { found: {}, sent: 0, truncated: 0 })
      assert.deepEqual(await run(), { found: { 'bad-value': 2 }, sent: 2, truncated: 1 })
      assert.deepEqual(await sent(), ['v0', 'v4'])
      const asked = { found: { 'bad-value': 1 }, sent: 1, truncated: 0 }
      assert.deepEqual(await run({ truncated: true }), asked)
      assert.deepEqual(await run({ truncated: true }), { found: {}, sent: 0, truncated: 0 })
      assert.deepEqual(await sent(), ['v0', 'v2', 'v4'])
    })

    test('what was interrupted goes on where it stopped', async () => {
      const letters = Array.from({ length: 2600 }, (_, i) => letter(2 * i, 'bad-value'))
      await broker.append(letters)
      const stop = new AbortController()
      const first = await run({
        signal: stop.signal,
        onProgress: () => {
          stop.abort()
        },
      })
      assert.ok(first.sent > 0 && first.sent < 2600, String(first.sent))
      assert.equal((await run()).sent, 2600 - first.sent)
      assert.deepEqual(
        await sent(),
        letters.map(({ value }) => text(value)),
      )
    })
  })
}
