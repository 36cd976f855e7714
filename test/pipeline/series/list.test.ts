import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { test } from 'node:test'
import { F64, F64_WIDTH } from '../../../src/core/layout.js'
import { Random } from '../../../src/model/random.js'
import { BASELINE } from '../../../src/pipeline/active-model.js'
import { NOTHING_STORED } from '../../../src/pipeline/continuation.js'
import { PartitionStates } from '../../../src/pipeline/partition-states.js'
import { SeriesList } from '../../../src/pipeline/series/series-list.js'
import { SERIES_ORDERS, type SeriesOrder } from '../../../src/ports/control/series.js'
import { pipelineConfig } from '../../support/pipeline-config.js'

const HOUR = 3_600_000

class HandClock {
  time = 0
  now(): number {
    return this.time
  }
}

/** Two partitions with so many series altogether, each with one observation at a time of its own. */
function partitions(count: number): PartitionStates[] {
  const config = pipelineConfig('p', { topic: 't', interval: '1h', season: 1, horizon: 1 })
  const all = [0, 1].map(() => new PartitionStates(config, NOTHING_STORED, BASELINE))
  const random = new Random(5)
  for (let i = 0; i < count; i++) add(all[i % 2]!, `sensor ${random.uniform()} ${i}`, i)
  return all
}

function add(states: PartitionStates, series: string, hour: number): void {
  const slot = states.admit(series, null)
  states.table.f64[slot * F64_WIDTH + F64.count] = 1
  states.table.f64[slot * F64_WIDTH + F64.ts] = hour * HOUR
}

const query = { search: '', sort: 'series' as SeriesOrder, offset: 0, limit: 50 }

test('a hundred thousand series are listed, sorted and searched in short turns', async () => {
  const states = partitions(100_000)
  const list = new SeriesList(() => states, new HandClock())
  for (const sort of SERIES_ORDERS) {
    for (const search of ['', 'R 0.12']) {
      let turns = 0
      const watch = async (over: AbortSignal): Promise<void> => {
        while (!over.aborted) {
          await setImmediate()
          turns++
        }
      }
      const over = new AbortController()
      const watching = watch(over.signal)
      const page = await list.page({ ...query, sort, search })
      over.abort()
      await watching
      assert.equal(page.items.length, 50)
      assert.ok(search === '' ? page.total === 100_000 : page.total > 500 && page.total < 5000)
      if (sort === 'series' && search === '') assert.ok(turns > 5, `${turns} turns while it was made`)
    }
  }
})

test('pages join to all series, in the order that was asked for', async () => {
  const states = partitions(1000)
  const list = new SeriesList(() => states, new HandClock())
  const all = async (sort: SeriesOrder): Promise<{ series: string; lastAt: number | null }[]> => {
    const found = []
    for (let offset = 0; offset < 1000; offset += 130) {
      found.push(...(await list.page({ ...query, sort, offset, limit: 130 })).items)
    }
    return found
  }
  const byName = (await all('series')).map(({ series }) => series)
  assert.deepEqual(byName, [...byName].sort())
  assert.equal(new Set(byName).size, 1000)
  const newest = (await all('newest')).map(({ lastAt }) => lastAt! / HOUR)
  assert.deepEqual(newest, [...Array(1000).keys()].reverse())
  assert.deepEqual(
    (await all('stale')).map(({ lastAt }) => lastAt! / HOUR),
    [...Array(1000).keys()],
  )
})

test('a search looks for its text in any case and takes nothing in it for a pattern', async () => {
  const states = partitions(0)
  const names = ['<b>Markup</b>', 'a.*c', 'abc', 'שלום', '🌊 wave', '%61', 'quote"\'', 'İstanbul']
  for (const name of names) add(states[0]!, name, 1)
  const list = new SeriesList(() => states, new HandClock())
  const found = async (search: string): Promise<string[]> =>
    (await list.page({ ...query, search })).items.map(({ series }) => series)
  assert.deepEqual(await found('MARKUP'), ['<b>Markup</b>'])
  assert.deepEqual(await found('.*'), ['a.*c'])
  assert.deepEqual(await found('לו'), ['שלום'])
  assert.deepEqual(await found('🌊'), ['🌊 wave'])
  assert.deepEqual(await found('%61'), ['%61'])
  assert.deepEqual(await found('"\''), ['quote"\''])
  assert.deepEqual(await found('nothing'), [])
})

test('a listing stands for a second; after that, series that have come are in it, and those that are gone are not', async () => {
  const states = partitions(3)
  const clock = new HandClock()
  const list = new SeriesList(() => states, clock)
  assert.equal((await list.page(query)).total, 3)
  add(states[0]!, 'a newcomer', 9)
  states[1]!.slots.remove(0)
  const meanwhile = await list.page(query)
  assert.equal(meanwhile.total, 3)
  assert.equal(meanwhile.items.length, 2, 'of what is gone, nothing is shown')
  clock.time += 1000
  const after = await list.page(query)
  assert.equal(after.total, 3)
  assert.equal(after.items[0]!.series, 'a newcomer')
})
