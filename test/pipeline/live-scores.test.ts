import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfig } from '../../src/config/load.js'
import { seriesScores } from '../../src/core/series-scores.js'
import { Random } from '../../src/model/random.js'
import { BASELINE } from '../../src/pipeline/active-model.js'
import { PartitionStates } from '../../src/pipeline/partition-states.js'
import { Partition } from '../../src/pipeline/partition.js'
import type { LogRecord, StoredStates } from '../../src/ports/broker.js'
import { systemClock } from '../../src/ports/clock.js'
import { PartitionAtWork } from '../support/partition-at-work.js'
import { pipelineConfig } from '../support/pipeline-config.js'

const HOUR = 3_600_000
const NOTHING: StoredStates = {
  meta: () => Promise.resolve(null),
  count: () => Promise.resolve(0),
  async *load() {},
  get: () => null,
}

/** A week's rhythm that no day repeats, with noise. */
function records(count: number): LogRecord[] {
  const random = new Random(7)
  const week = Array.from({ length: 168 }, () => 100 + 50 * random.normal())
  return Array.from({ length: count }, (_, t) => ({
    offset: t,
    timestamp: t * HOUR,
    key: Buffer.from('a'),
    value: Buffer.from(JSON.stringify({ ts: t * HOUR, value: week[t % 168]! + random.normal() })),
  }))
}

test('where the baseline publishes, it is scored as what was published, however long the batches', async () => {
  const text = '{ pipelines: { p: { topic: "t", interval: "1h", season: [24, 168], horizon: 24 } } }'
  const config = loadConfig({ files: [], text, env: {} }).pipelines[0]!
  const seen = new Set<string>()
  for (const size of [1, 100, 2000]) {
    const partition = new Partition(
      config,
      new PartitionStates(config, NOTHING, BASELINE),
      BASELINE,
      0,
      systemClock,
    )
    const all = records(2000)
    for (let from = 0; from < all.length; from += size)
      await partition.advance(all.slice(from, from + size), false)
    const { scores } = partition.states
    const published = scores.total('published').scores().mase!
    const baseline = scores.total('baseline').scores().mase!
    seen.add(published.toPrecision(9))
    assert.ok(published < 0.3, `batches of ${String(size)}: MASE ${String(published)}`)
    // Not exactly: a forecast made just before the baseline changes its rule is scored against the new one.
    assert.ok(Math.abs(baseline / published - 1) < 0.15, `batches of ${String(size)}: ${String(baseline)}`)
  }
  assert.equal(seen.size, 1, `the same whatever the batches: ${[...seen].join(', ')}`)
})

test('in its first season a series has a baseline that knows no more than what was published', async () => {
  const config = pipelineConfig('p', { interval: '1h', season: [24, 168], horizon: 24 })
  const partition = new Partition(
    config,
    new PartitionStates(config, NOTHING, BASELINE),
    BASELINE,
    0,
    systemClock,
  )
  await partition.advance(records(30), false)
  const { scores } = partition.states
  assert.equal(scores.total('baseline').scores().mase, scores.total('published').scores().mase)
})

test('scores survive a restart and a crash, and go on with the records that are replayed', async () => {
  const config = pipelineConfig('p', { topic: 't', interval: '1h', horizon: 24 })
  const rows = Array.from({ length: 400 }, (_, t) => [
    { series: 'a', ts: t * HOUR, value: 100 + 10 * Math.sin(t) },
    { series: 'b', ts: t * HOUR, value: 50 + 10 * Math.cos(t * t) },
  ]).flat()
  const scoresOf = async (disturb: (work: PartitionAtWork) => Promise<void>): Promise<string[]> => {
    const work = await PartitionAtWork.open(config, null)
    try {
      await work.append(rows.slice(0, 400))
      await work.consume(() => 37)
      await disturb(work)
      await work.append(rows.slice(400))
      await work.consume(() => 37)
      const { scores, slots, table } = work.states
      const [, [, slot]] = [...slots.entries()] as [unknown, [string, number]]
      const own = seriesScores(table, slot).flatMap(({ published }) => [published.mase!, published.wql!])
      const { mase, wql, bias, targets } = scores.total('published').scores()
      return [mase!, wql!, bias!, targets, ...own].map((one) => one.toPrecision(6))
    } finally {
      await work.close()
    }
  }
  const undisturbed = await scoresOf(async () => undefined)
  assert.deepEqual(await scoresOf((work) => work.restart()), undisturbed)
  assert.deepEqual(await scoresOf((work) => work.crash()), undisturbed)
})
