import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseStart, printStart } from '../../src/config/start-position.js'
import { F64, F64_WIDTH } from '../../src/core/layout.js'
import { PartitionAtWork } from '../support/partition-at-work.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import type { Row } from '../support/household.js'

const HOUR = 3_600_000
const START = Date.UTC(2026, 0, 1)
const NOW = START + 48 * HOUR
const settings = { interval: '1h', season: 'none', horizon: 2 }

function rows(from: number, to: number): Row[] {
  return Array.from({ length: to - from }, (_, i) => ({
    series: 'a',
    ts: START + (from + i) * HOUR,
    value: from + i,
  }))
}

async function begun(start: string, before: readonly Row[]): Promise<PartitionAtWork> {
  return PartitionAtWork.open(pipelineConfig('p', { ...settings, start }), null, { now: () => NOW }, before)
}

async function origins(work: PartitionAtWork): Promise<number[]> {
  return (await work.outputs()).map(({ origin }) => (origin - START) / HOUR)
}

const hours = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)

for (const [start, first] of [
  ['earliest', 0],
  ['latest', 48],
  ['2026-01-01T10:30:00Z', 11],
  ['1d', 24],
  ['2027-01-01', 48],
] as const) {
  test(`a new pipeline that starts at ${start} forecasts what comes from there on, and nothing before`, async () => {
    const work = await begun(start, rows(0, 48))
    try {
      await work.append(rows(48, 50))
      await work.consume()
      assert.deepEqual(await origins(work), hours(first, 50))
      const [[, slot]] = [...work.states.slots.entries()] as [[string, number]]
      assert.equal(work.states.table.f64[slot * F64_WIDTH + F64.count], 50 - first)
    } finally {
      await work.close()
    }
  })
}

test('where a pipeline starts is decided once: what comes before it has settled anything is not passed over', async () => {
  const work = await begun('latest', rows(0, 10))
  try {
    await work.append(rows(10, 12))
    await work.crash()
    await work.append(rows(12, 13))
    await work.consume()
    assert.deepEqual(await origins(work), [10, 11, 12])
  } finally {
    await work.close()
  }
})

test('states that are rebuilt for want of a snapshot begin where the pipeline began', async () => {
  const work = await begun('latest', rows(0, 10))
  try {
    await work.append(rows(10, 15))
    await work.consume()
    await work.crash()
    await work.append(rows(15, 16))
    await work.consume()
    const [[, slot]] = [...work.states.slots.entries()] as [[string, number]]
    assert.equal(work.states.table.f64[slot * F64_WIDTH + F64.count], 6)
    assert.deepEqual(await origins(work), hours(10, 16))
  } finally {
    await work.close()
  }
})

test('a start is printed as it can be read again, and anything else is refused', () => {
  for (const text of ['earliest', 'latest', '2026-01-01T00:00:00.000Z', '7d', '1h30m']) {
    assert.equal(printStart(parseStart(text)), text)
  }
  for (const bad of ['', 'first', '-1d', 7, '2026-13-01', null]) assert.equal(parseStart(bad), undefined)
})
