import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfig } from '../../src/config/load.js'
import { Random } from '../../src/model/random.js'
import { BASELINE } from '../../src/pipeline/active-model.js'
import { PartitionStates } from '../../src/pipeline/partition-states.js'
import { Partition } from '../../src/pipeline/partition.js'
import type { LogRecord, StoredStates } from '../../src/ports/broker.js'
import { systemClock } from '../../src/ports/clock.js'

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
    const published = partition.published.scores().mase!
    const baseline = partition.baseline.scores().mase!
    assert.ok(published < 0.3, `batches of ${String(size)}: MASE ${String(published)}`)
    // Not exactly: a forecast made just before the baseline changes its rule is scored against the new one.
    assert.ok(Math.abs(baseline / published - 1) < 0.15, `batches of ${String(size)}: ${String(baseline)}`)
  }
})
