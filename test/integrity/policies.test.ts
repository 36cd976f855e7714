import assert from 'node:assert/strict'
import { test } from 'node:test'
import { REJECT_REASONS } from '../../src/core/decode.js'
import { Random } from '../../src/model/random.js'
import type { OutboundRecord } from '../../src/ports/broker.js'
import { forecastsOf, PartitionAtWork } from '../support/partition-at-work.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { randomRows } from '../support/random-rows.js'
import { assertSameForecasts } from '../support/same-outcome.js'
import { loadRandomNetwork } from '../support/shared-engine.js'

const MINUTE = 60_000
const START = Date.UTC(2024, 0, 1)
const settings = { interval: '1m', season: [12, 24], horizon: 6, model: { hidden: 8, warmUp: 4 } }

function record(value: string | Uint8Array, more: Partial<OutboundRecord> = {}): OutboundRecord {
  return { topic: 'p', timestamp: START, key: Buffer.from('a'), value: Buffer.from(value), ...more }
}

/** One record for each reason there is, and two good ones. */
const RECORDS: readonly OutboundRecord[] = [
  record(`{"ts":${START},"value":1}`),
  record(`{"ts":${START + MINUTE},"value":2}`),
  record(`{"ts":${START + MINUTE + 59_999},"value":3}`, { headers: { trace: Buffer.from('t1') } }), // duplicate
  record(`{"ts":${START},"value":3}`), // late
  record('{'), // undecodable
  record(`{"ts":${START},"value":1}`, { key: null }), // missing-series
  record('{"value":1}'), // missing-ts
  record('{"ts":"soon","value":1}'), // bad-ts
  record(`{"ts":${START},"value":"1"}`), // bad-value
  record(`{"ts":${START},"value":1e16}`), // out-of-range
  record(`{"ts":${START + 86_400_001},"value":1}`), // too-far-ahead
  record(new Uint8Array(65_537)), // too-large
  record(`{"ts":${START},"value":1}`, { key: Buffer.from('b') }), // too-many-series
]
const DETAILS: Readonly<Record<string, string>> = {
  undecodable: messageOfParsing('{'),
  'missing-series': 'no key',
  'missing-ts': 'nothing there',
  'bad-ts': '"soon"',
  'bad-value': '"1"',
  'out-of-range': '10000000000000000',
  'too-far-ahead': String(START + 86_400_001),
  'too-large': 'value of 65537 bytes',
}
const EXPECTED = [
  ...[
    'duplicate',
    'late',
    'undecodable',
    'missing-series',
    'missing-ts',
    'bad-ts',
    'bad-value',
    'out-of-range',
  ],
  ...['too-far-ahead', 'too-large', 'too-many-series'],
]

for (const dropped of ['invalid', 'late', 'duplicate', 'newSeries', 'none'] as const) {
  test(`rejected records are counted, and go to the dead-letter topic as they were, but for those to be dropped (${dropped})`, async () => {
    // `unknown-schema` takes values with a schema: see formats.test.ts.
    assert.deepEqual([...EXPECTED, 'unknown-schema'].sort(), [...REJECT_REASONS].sort())
    const config = pipelineConfig('p', {
      ...settings,
      state: { maxNewSeriesPerMinute: 1 },
      reject: dropped === 'none' ? {} : { [dropped]: 'drop' },
    })
    const work = await PartitionAtWork.open(config, null)
    try {
      await work.appendRecords(RECORDS)
      const [settled] = await work.consume()
      assert.deepEqual(settled!.advance.rejected, Object.fromEntries(EXPECTED.map((reason) => [reason, 1])))
      assert.equal(settled!.advance.accepted, 2)
      const letters = (await work.records(config.deadLetter)).map(({ key, value, timestamp, headers }) => ({
        ...{ key, value, timestamp },
        headers: Object.fromEntries(
          Object.entries(headers ?? {}).map(([k, v]) => [k, Buffer.from(v).toString()]),
        ),
      }))
      const kept = EXPECTED.flatMap((reason, i) => {
        const named = { late: 'late', duplicate: 'duplicate', 'too-many-series': 'newSeries' } as const
        const policy = reason in named ? named[reason as keyof typeof named] : 'invalid'
        return policy === dropped ? [] : [{ reason, offset: i + 2 }]
      })
      assert.deepEqual(
        letters.map(({ headers }) => headers),
        kept.map(({ reason, offset }) => ({
          ...(reason === 'duplicate' ? { trace: 't1' } : {}),
          'tidecast-reason': reason,
          ...(reason in DETAILS ? { 'tidecast-detail': DETAILS[reason] } : {}),
          'tidecast-topic': 'p',
          'tidecast-partition': '0',
          'tidecast-offset': String(offset),
        })),
      )
      kept.forEach(({ offset }, i) => {
        const { key, value, timestamp } = RECORDS[offset]!
        assert.deepEqual([letters[i]!.key, letters[i]!.value].map(text), [key, value].map(text))
        assert.equal(letters[i]!.timestamp, timestamp)
      })
    } finally {
      await work.close()
    }
  })
}

test('a bad record as large as the log takes goes to the dead-letter topic, and the next is forecast', async () => {
  const config = pipelineConfig('p', settings)
  const work = await PartitionAtWork.open(config, null)
  try {
    const MOST = 8 * 2 ** 20 - 20 - 1 // the record's own head, and the key
    await work.appendRecords([record(new Uint8Array(MOST)), RECORDS[0]!])
    await work.consume()
    assert.equal((await work.records(config.deadLetter))[0]!.value!.length, MOST)
    assert.equal((await work.outputs()).length, 1)
  } finally {
    await work.close()
  }
})

test('with publish.maxAge nothing is published from older observations, and later forecasts are none the worse', async () => {
  const rows = randomRows(new Random(1), { series: 3, steps: 60 })
  const network = await loadRandomNetwork(pipelineConfig('p', settings), [])
  const all = await forecastsOf(pipelineConfig('p', settings), network, rows)
  const now = START + 60 * MINUTE
  const config = pipelineConfig('p', { ...settings, publish: { maxAge: '20m' } })
  const work = await PartitionAtWork.open(config, network, { now: () => now })
  try {
    await work.append(rows)
    await work.consume()
    const young = all.filter(({ origin }) => origin >= now - 20 * MINUTE)
    assert.equal(young.length, 60)
    assertSameForecasts(await work.outputs(), young)
  } finally {
    await work.close()
  }
})

test('without calibration the intervals are the network’s own', async () => {
  const rows = randomRows(new Random(1), { series: 3, steps: 100 })
  const network = await loadRandomNetwork(pipelineConfig('p', settings), [])
  const run = (calibration: object) =>
    forecastsOf(pipelineConfig('p', { ...settings, calibration }), network, rows)
  const untouched = await run({ enabled: true, rate: 0 })
  assertSameForecasts(await run({ enabled: false, rate: 0.5 }), untouched)
  const calibrated = await run({ enabled: true, rate: 0.5 })
  assertSameForecasts(calibrated, untouched, () => ['0.5'])
  assert.throws(() => assertSameForecasts(calibrated, untouched), 'with it they are not')
})

test('limits wider than a state can hold are refused', () => {
  assert.throws(() => pipelineConfig('p', { ...settings, limits: { maxValue: 1e31 } }), {
    name: 'ConfigError',
  })
})

function messageOfParsing(json: string): string {
  try {
    return String(JSON.parse(json))
  } catch (error) {
    return (error as Error).message
  }
}

function text(data: Uint8Array | null): string | null {
  return data && Buffer.from(data).toString('latin1')
}
