import assert from 'node:assert/strict'
import { test } from 'node:test'
import { F64, F64_WIDTH } from '../../src/core/layout.js'
import { Random } from '../../src/model/random.js'
import { reset } from '../../src/pipeline/reset.js'
import type { Published } from '../support/outputs.js'
import { PartitionAtWork } from '../support/partition-at-work.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { randomRows } from '../support/random-rows.js'
import { loadRandomNetwork } from '../support/shared-engine.js'

const SERIES = 30
const STEPS = 1500
const NEW_A_MINUTE = 3
const BACK = 10 * SERIES
const ROWS = randomRows(new Random(1), { series: SERIES, steps: STEPS })

for (const [grid, settings, most] of [
  // 56 short seasons, a ring of 73, 4 to warm up, gaps of 10; the middle of 1,000 records back.
  ['of a minute', { interval: '1m', season: [12, 24], gaps: { maxSteps: 10 } }, 780 * SERIES],
  // 1000 observations, a ring of 50, 4 to warm up; in strides of 20,000, 40,000 …
  ['of observations', { interval: 'observations', season: 'none' }, 40_000],
] as const) {
  test(`states are rebuilt from the recent past, however long the topic is, and forecast as they did: grid ${grid}`, async (t) => {
    const config = pipelineConfig('p', {
      ...settings,
      horizon: 6,
      model: { hidden: 8, warmUp: 4 },
      state: { maxNewSeriesPerMinute: NEW_A_MINUTE + 1, snapshotEvery: '1d' },
    })
    const work = await PartitionAtWork.open(config, await loadRandomNetwork(config, []))
    try {
      // No more new ones come in a minute than are let in.
      const rows = ROWS.filter((_, i) => i % SERIES < NEW_A_MINUTE * (1 + Math.floor(i / SERIES)))
      await work.append([{ ...ROWS[0]!, series: 'gone' }, ...rows])
      await work.consume()
      const before = await work.outputs()
      const total = before.length
      await work.away(async () => {
        await reset(work.broker, config, { offset: total - BACK }, 0, false, 0)
      })
      assert.ok(work.replayed > 20_000 && work.replayed <= most, `${work.replayed} records were replayed`)
      const counts = [...work.states.slots.entries()].map(
        ([, slot]) => work.states.table.f64[slot * F64_WIDTH + F64.count]!,
      )
      assert.equal(counts.length, SERIES, 'who was let in once is let in again, and who is gone is not')
      assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, 'from the first record on')
      const { replayed } = work
      await work.consume(
        () => BACK,
        () => work.crash(),
      )
      assert.equal(
        work.replayed,
        replayed + BACK,
        'a crash before the first snapshot rebuilds from the same place',
      )
      const again = (await work.outputs()).slice(total)
      assert.deepEqual(again.map(placeOf), before.slice(total - BACK).map(placeOf))
      const { slots, table } = work.states
      const away = again.flatMap(({ series, quantiles }, i) =>
        Object.entries(before[total - BACK + i]!.quantiles).flatMap(([level, values]) =>
          values.map(
            (value, h) => Math.abs(quantiles[level]![h]! - value) / table.scale(slots.find(series)!),
          ),
        ),
      )
      const mean = away.reduce((sum, one) => sum + one, 0) / away.length
      const worst = Math.max(...away)
      t.diagnostic(
        `${replayed} replayed; ${mean.toFixed(4)} scales away on average, at most ${worst.toFixed(4)}`,
      )
      assert.ok(mean < 0.05 && worst < 0.8, `${mean} scales away on average, at most ${worst}`)
    } finally {
      await work.close()
    }
  })
}

const placeOf = ({ series, origin }: Published): unknown => ({ series, origin })
