import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random } from '../../src/model/random.js'
import type { Row } from '../support/household.js'
import { forecastsOf, PartitionAtWork } from '../support/partition-at-work.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { randomRows } from '../support/random-rows.js'
import { long, seeded } from '../support/run-options.js'
import { assertSameForecasts } from '../support/same-outcome.js'
import { loadRandomNetwork } from '../support/shared-engine.js'

const SERIES = 500
const RESIDENT = 50
const STEPS = long ? 400 : 60
const BATCH = 100
/** Of the random rows. */
const START_MINUTE = Date.UTC(2024, 0, 1) / 60_000

const settings = {
  interval: '1m',
  season: [12, 24],
  horizon: 6,
  calibration: { rate: 0.5 },
  model: { hidden: 8, warmUp: 4 },
}
const unlimited = pipelineConfig('p', settings)
const limited = pipelineConfig('p', { ...settings, state: { maxResidentSeries: RESIDENT } })

test('500 series with room for 50 are forecast as if there were room for all', async (t) => {
  const { random } = seeded(t)
  const rows = visits(random, randomRows(random, { series: SERIES, steps: STEPS, nulls: 0.02, holes: 0.3 }))
  const network = await loadRandomNetwork(unlimited, ['s0', 's1', 's2'])
  const expected = await forecastsOf(unlimited, network, rows)
  const work = await PartitionAtWork.open(limited, network)
  try {
    await work.append(rows)
    await work.consume(
      () => BATCH,
      async () => assert.ok(work.states.slots.size <= RESIDENT + BATCH),
    )
    assert.ok(work.states.spilled > 0.8 * (SERIES - RESIDENT))
    assertSameForecasts(await work.outputs(), expected)
  } finally {
    await work.close()
  }
})

for (const ending of ['crash', 'restart'] as const) {
  test(`a ${ending} loses nothing of what has been spilled`, async (t) => {
    const { random } = seeded(t)
    const rows = visits(random, randomRows(random, { series: SERIES, steps: STEPS / 4 }))
    const network = await loadRandomNetwork(unlimited, [])
    const expected = await forecastsOf(unlimited, network, rows)
    const actual = await forecastsOf(limited, network, rows, async (work) => {
      let batches = 0
      await work.consume(
        () => BATCH,
        async () => {
          if (++batches % 7 === 0) await work[ending]()
        },
      )
    })
    assertSameForecasts(actual, expected)
  })
}

test('an interval left open by a series that falls silent is closed by the watermark, across restarts, however few series have room', async () => {
  const aggregated = { ...settings, aggregate: 'mean', allowedLateness: '1m' }
  // One series after the other ends; nothing but the others' records will close its last interval.
  const silent = ({ series, ts }: Row): boolean =>
    ts / 60_000 > START_MINUTE + 2 + (Number(series.slice(1)) % 20)
  const rows = randomRows(new Random(1), { series: 120, steps: 24 }).filter((row) => !silent(row))
  const expected = await forecastsOf(pipelineConfig('p', aggregated), null, rows)
  const few = pipelineConfig('p', { ...aggregated, state: { maxResidentSeries: 10 } })
  const actual = await forecastsOf(few, null, rows, async (work) => {
    await work.consume(
      () => BATCH,
      () => work.restart(),
    )
  })
  // Which of the series closed at once comes first is left open, and with it what they pool for their first intervals.
  assertSameForecasts(actual, expected, () => ['0.5'])
})

/** The rows of a stretch of time, series by series in a random order: who has been read lately is always another part. */
function visits(random: Random, rows: readonly Row[]): Row[] {
  const STRETCH = 5 * 60_000
  const rank = new Map<string, number>()
  const stretchOf = ({ ts }: Row): number => Math.floor(ts / STRETCH)
  const rankOf = (row: Row): number => {
    const visit = `${stretchOf(row)} ${row.series}`
    const known = rank.get(visit) ?? random.uniform()
    rank.set(visit, known)
    return known
  }
  return [...rows].sort((a, b) => stretchOf(a) - stretchOf(b) || rankOf(a) - rankOf(b) || a.ts - b.ts)
}
