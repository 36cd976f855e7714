import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random } from '../../src/model/random.js'
import type { Published } from '../support/outputs.js'
import { PartitionAtWork } from '../support/partition-at-work.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { randomRows } from '../support/random-rows.js'
import { assertSameForecasts } from '../support/same-outcome.js'
import { seeded } from '../support/run-options.js'
import { loadRandomNetwork } from '../support/shared-engine.js'
import { readHistories } from '../../src/training/read-histories.js'

const SETTINGS = { interval: '1m', season: [12, 24], horizon: 6, model: { hidden: 8, warmUp: 4 } }
const config = pipelineConfig('p', { ...SETTINGS, state: { snapshotEvery: '1h' } })
const rows = randomRows(new Random(1), { series: 4, steps: 80 })
const before = rows.slice(0, 160)
const after = rows.slice(160)
const tombstone = (series: string) => ({ topic: 'p', timestamp: 0, key: Buffer.from(series), value: null })

/** The baseline's intervals for a new series come from all series of the partition, deleted ones too. */
const byNetwork = (forecasts: readonly Published[]) => forecasts.filter(({ model }) => model === 'gru@1')

/** What the network forecasts where a series' first observation is the first after its tombstone. */
async function asIfNew(series: string) {
  const network = await loadRandomNetwork(config, [])
  const work = await PartitionAtWork.open(config, network)
  try {
    await work.append([...before, ...after].filter((row) => row.series !== series || after.includes(row)))
    await work.consume()
    return byNetwork((await work.outputs()).filter((forecast) => forecast.series === series))
  } finally {
    await work.close()
  }
}

for (const crash of ['no crash', 'a crash', 'a restart', 'a swap of memory for the store'] as const) {
  test(`a tombstone deletes its series for good (${crash} behind it), and no other`, async (t) => {
    const { random } = seeded(t)
    const spilling = crash === 'a swap of memory for the store'
    const own = spilling
      ? pipelineConfig('p', { ...SETTINGS, state: { maxResidentSeries: 2, snapshotEvery: '100ms' } })
      : config
    const network = await loadRandomNetwork(own, [])
    const work = await PartitionAtWork.open(own, network)
    try {
      await work.append(before)
      await work.consume(() => 1 + random.integer(40))
      // In the store from here on: what deletes it must delete it there, too.
      await work.restart()
      await work.appendRecords([tombstone('s1'), tombstone('nobody')])
      const tombstones = (await work.consume()).reduce((sum, { advance }) => sum + advance.tombstones, 0)
      assert.equal(tombstones, 2)
      if (crash === 'a crash') await work.crash()
      if (crash === 'a restart') {
        await work.restart()
        assert.equal(await work.stored('s1'), null)
      }
      await work.append(after)
      await work.consume(() => 1 + random.integer(40))
      const published = (await work.outputs()).filter(({ series }) => series === 's1')
      assertSameForecasts(byNetwork(published.slice(before.length / 4)), await asIfNew('s1'))
      const others = (await work.outputs()).filter(({ series }) => series === 's2')
      assert.equal(others.length, 80)
    } finally {
      await work.close()
    }
  })
}

test('a tombstone in the middle of a batch comes after the observations before it, and before those after it', async () => {
  const network = await loadRandomNetwork(config, [])
  const work = await PartitionAtWork.open(config, network)
  try {
    await work.append(before)
    await work.appendRecords([tombstone('s1')])
    await work.append(after)
    await work.consume()
    const published = (await work.outputs()).filter(({ series }) => series === 's1')
    assert.equal(published.length, 80)
    assertSameForecasts(byNetwork(published.slice(before.length / 4)), await asIfNew('s1'))
    const histories = await readHistories(work.broker, config, {})
    const lengths = Object.fromEntries(histories.map(({ series, values }) => [series, values.length]))
    assert.deepEqual(lengths, { s0: 80, s1: 40, s2: 80, s3: 80 }, 'a training sees the same')
  } finally {
    await work.close()
  }
})

test('an interval that was open when its series was deleted is never closed', async () => {
  const work = await PartitionAtWork.open(pipelineConfig('p', { ...SETTINGS, aggregate: 'mean' }), null)
  try {
    const at = (series: string, minute: number) => ({ series, ts: minute * 60_000, value: 1 })
    await work.append([at('s0', 0), at('s1', 0)])
    await work.appendRecords([tombstone('s1')])
    await work.append([at('s0', 5), at('s2', 5), at('s0', 9)])
    await work.consume()
    assert.deepEqual((await work.outputs()).map(({ series }) => series).sort(), ['s0', 's0', 's2'])
  } finally {
    await work.close()
  }
})

test('where tombstones are to be ignored, nothing happens', async () => {
  const work = await PartitionAtWork.open(pipelineConfig('p', { ...SETTINGS, tombstones: 'ignore' }), null)
  try {
    await work.append(before)
    await work.appendRecords([tombstone('s1')])
    const [settled] = await work.consume()
    assert.deepEqual([settled!.advance.tombstones, settled!.advance.rejected], [1, {}])
    assert.notEqual(work.states.slots.find('s1'), undefined)
  } finally {
    await work.close()
  }
})

test('every forecast says which record of the input it was made from', async () => {
  const work = await PartitionAtWork.open(config, null)
  try {
    await work.append(before.slice(0, 40))
    await work.consume()
    const input = await work.records('p')
    const forecasts = await work.records(config.output)
    assert.equal(forecasts.length, 40)
    for (const { headers, key } of forecasts) {
      const header = (name: string) => Buffer.from(headers![`tidecast-${name}`]!).toString()
      assert.deepEqual([header('topic'), header('partition')], ['p', '0'])
      const cause = input.find(({ offset }) => offset === Number(header('offset')))!
      assert.deepEqual(Buffer.from(cause.key!), Buffer.from(key!))
    }
  } finally {
    await work.close()
  }
})
