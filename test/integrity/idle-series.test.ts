import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Random } from '../../src/model/random.js'
import { loadConfig } from '../../src/config/load.js'
import { Newcomers } from '../../src/core/newcomers.js'
import { readHistories } from '../../src/training/read-histories.js'
import type { Row } from '../support/household.js'
import { forecastsOf, PartitionAtWork } from '../support/partition-at-work.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { randomRows } from '../support/random-rows.js'
import { long, seeded } from '../support/run-options.js'
import { assertSameForecasts } from '../support/same-outcome.js'
import { loadRandomNetwork } from '../support/shared-engine.js'

const MINUTE = 60_000
const START = Date.UTC(2024, 0, 1)
const SETTINGS = {
  interval: '1m',
  season: [12, 24],
  horizon: 6,
  limits: { maxAhead: '1m' },
  gaps: { maxSteps: 100 },
  model: { hidden: 8, warmUp: 4 },
}
const TTL = { ttl: '30m', snapshotEvery: '100ms' }
const config = (state: object, more: object = {}) => pipelineConfig('p', { ...SETTINGS, state, ...more })

/** Rows from which each series is missing for a while now and then, at times for longer than it takes to be forgotten. */
function withSilences(random: Random, rows: readonly Row[]): Row[] {
  const until = new Map<string, number>()
  return rows.filter(({ series, ts }) => {
    if (ts < (until.get(series) ?? 0)) return false
    if (random.uniform() < 0.03) until.set(series, ts + random.integer(60) * MINUTE)
    return true
  })
}

const at = (series: string, minute: number, value: number | null = minute): Row => ({
  series,
  ts: START + minute * MINUTE,
  value,
})

for (const aggregate of ['none', 'mean'] as const) {
  test(`who is forgotten, and who is one too many, depends on the records alone (aggregate: ${aggregate})`, async (t) => {
    const { random } = seeded(t)
    const rows = withSilences(
      random,
      randomRows(random, { series: 30, steps: long ? 2000 : 300, nulls: 0.1, holes: 0.1 }),
    )
    const state = { ...TTL, maxNewSeriesPerMinute: 2 }
    const network = await loadRandomNetwork(config(state), ['s0', 's1'])
    let refused = 0
    let born = 0
    const expected = await forecastsOf(config(state, { aggregate }), network, rows, async (work) => {
      const [{ advance }] = (await work.consume(() => rows.length)) as [
        Awaited<ReturnType<typeof work.consume>>[0],
      ]
      refused = advance.rejected['too-many-series']!
      born = advance.newSeries
    })
    assert.ok(refused > 20 && born > 60, `${refused} refused, ${born} born`)
    const everLasting = await forecastsOf(config({}, { aggregate }), network, rows)
    assert.throws(() => assertSameForecasts(expected, everLasting), 'without limits it is another outcome')

    for (const room of [1000, 5]) {
      const own = config({ ...state, maxResidentSeries: room }, { aggregate })
      const work = await PartitionAtWork.open(own, network)
      try {
        await work.append(rows)
        let batches = 0
        await work.consume(
          () => 1 + random.integer(200),
          async () => {
            if (++batches % 9 === 0) await work.restart()
            else if (batches % 5 === 0) await work.crash()
          },
        )
        assertSameForecasts(await work.outputs(), expected)
        const letters = await work.records(own.deadLetter)
        const reasons = letters.map(({ headers }) => Buffer.from(headers!['tidecast-reason']!).toString())
        assert.equal(reasons.filter((reason) => reason === 'too-many-series').length, refused)
      } finally {
        await work.close()
      }
    }
  })
}

for (const where of ['memory', 'the store'] as const) {
  test(`an idle series leaves no row behind (${where})`, async () => {
    let now = START
    const clock = { now: () => (now += 1000) }
    const room = where === 'memory' ? 100 : 1
    const work = await PartitionAtWork.open(config({ ...TTL, maxResidentSeries: room }), null, clock)
    try {
      await work.append(['a', 'b', 'c'].map((series) => at(series, 0)))
      await work.consume(() => 1)
      await work.append([at('d', 1)])
      await work.consume()
      for (const series of ['a', 'b', 'c']) assert.notEqual(await work.stored(series), null, series)
      let forgotten = 0
      for (const minute of [20, 40, 41, 42]) {
        await work.append([at('d', minute)])
        for (const { advance } of await work.consume()) forgotten += advance.forgotten
      }
      for (const series of ['a', 'b', 'c']) assert.equal(await work.stored(series), null, series)
      assert.notEqual(await work.stored('d'), null)
      assert.deepEqual([forgotten, work.states.slots.size, work.states.spilled], [3, 1, 0])
    } finally {
      await work.close()
    }
  })
}

test('a series that is alone is not forgotten, however long it pauses', async () => {
  const work = await PartitionAtWork.open(config(TTL), null)
  try {
    await work.append([at('a', 0), at('a', 90)])
    const [settled] = await work.consume()
    assert.deepEqual([settled!.advance.newSeries, settled!.advance.forgotten], [1, 0])
  } finally {
    await work.close()
  }
})

test('beyond the cap new series are refused until the next minute of the records, and known ones go on', async () => {
  const capped = config({ maxNewSeriesPerMinute: 2 })
  const work = await PartitionAtWork.open(capped, null)
  try {
    await work.append([at('a', 0), at('b', 0), at('c', 0), at('a', 1), at('c', 1), at('d', 1), at('e', 1)])
    const [settled] = await work.consume()
    assert.deepEqual(settled!.advance.rejected, { 'too-many-series': 2 })
    assert.deepEqual(
      (await work.records(capped.deadLetter)).map(({ key }) => Buffer.from(key!).toString()),
      ['c', 'e'],
    )
    const histories = await readHistories(work.broker, capped, {})
    assert.deepEqual(
      histories.map(({ series }) => series).sort(),
      ['a', 'b', 'c', 'd'],
      'a training sees the same',
    )
  } finally {
    await work.close()
  }
})

test('a time stamp from the future does not close the door for good', () => {
  const newcomers = new Newcomers(1)
  const minutes = [0, 0, 1, 0, 999, 999, 1, 2]
  assert.deepEqual(
    minutes.map((minute) => newcomers.admit(minute * MINUTE)),
    [true, false, true, false, true, false, true, true],
  )
})

test('a ttl that one wild time stamp could reach is refused', () => {
  const load = (ttl: string) =>
    loadConfig({
      files: [],
      text: `{ pipelines: { p: { interval: '1h', state: { ttl: '${ttl}' } } } }`,
      env: {},
    })
  assert.throws(() => load('24h'), /state.ttl/)
  assert.equal(load('25h').pipelines[0]!.state.ttl, 90_000_000)
})
