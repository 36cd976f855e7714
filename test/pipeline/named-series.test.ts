import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PartitionAtWork } from '../support/partition-at-work.js'
import { pipelineConfig } from '../support/pipeline-config.js'

const MINUTE = 60_000
const STEP = 3

test('of a named series the newest observation is told, with what was published for it so many steps before', async () => {
  const config = pipelineConfig('p', {
    interval: '1m',
    season: [12, 24],
    horizon: 6,
    metrics: { series: ['north/1', 'south "2"'], step: STEP },
  })
  const work = await PartitionAtWork.open(config, null)
  try {
    const value = (series: string, t: number): number => series.length + Math.sin(t) + t / 10
    await work.append(
      Array.from({ length: 100 }, (_, t) =>
        ['north/1', 'unnamed', 'south "2"'].map((series) => ({
          series,
          ts: t * MINUTE,
          value: value(series, t),
        })),
      ).flat(),
    )
    const settled = await work.consume(() => 17)
    const published = new Map(
      (await work.outputs()).map(({ series, origin, quantiles }) => [`${series} ${origin}`, quantiles]),
    )
    let compared = 0
    for (const { advance } of settled) {
      assert.ok(advance.named.length <= 2, 'once in a batch, however many have come')
      for (const { series, ts, value: observed, steps, forecast } of advance.named) {
        assert.notEqual(series, 'unnamed')
        assert.equal(steps, STEP)
        assert.equal(observed, value(series, ts / MINUTE))
        const made = published.get(`${series} ${ts - STEP * MINUTE}`)
        if (made === undefined) continue
        const [lower, median, upper] = forecast
        for (const [level, shown] of Object.entries({ '0.1': lower, '0.5': median, '0.9': upper })) {
          assert.ok(Math.abs(made[level]![STEP - 1]! - shown) < 1e-5 * Math.abs(shown), `${series} ${ts}`)
        }
        compared++
      }
    }
    const last = settled.at(-1)!.advance.named
    assert.deepEqual(
      last.map(({ ts }) => ts),
      [99 * MINUTE, 99 * MINUTE],
    )
    assert.ok(compared > 10, `${compared} compared`)
  } finally {
    await work.close()
  }
})
