import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { StaleSeries } from '../../src/ports/control.js'
import { withDataDirectory, withLogOf } from '../support/house.js'
import { startPipeline } from '../support/pipeline-at-work.js'
import { pipelineConfig } from '../support/pipeline-config.js'

const MINUTE = 60_000
const START = Date.UTC(2026, 0, 1)
const NONE: StaleSeries = { count: 0, longest: null }

for (const interval of ['1m', 'observations']) {
  test(`a series that others go on without is stale after so many intervals, until it comes again: ${interval}`, async () => {
    const settings = { interval, season: 'none', horizon: 2, training: { enabled: false } }
    const config = pipelineConfig('p', settings)
    await withDataDirectory((dataDir) =>
      withLogOf(dataDir, async (broker) => {
        const { pipeline, account } = await startPipeline(config, broker)
        let sent = 0
        const take = async (minute: number, ...names: string[]): Promise<void> => {
          await broker.append(
            names.map((name) => ({
              topic: 'p',
              key: Buffer.from(name),
              value: Buffer.from(JSON.stringify({ ts: START + minute * MINUTE, value: minute })),
            })),
          )
          await account.settled((sent += names.length))
        }
        /** It is counted now and then. */
        const until = async (wanted: StaleSeries): Promise<void> => {
          const deadline = performance.now() + 20_000
          for (;;) {
            const { stale } = pipeline.status()
            if (performance.now() > deadline) assert.deepEqual(stale, wanted)
            if (stale.count === wanted.count && stale.longest?.series === wanted.longest?.series) return
            await pause(5)
          }
        }
        const found = (count: number, series: string): StaleSeries =>
          interval === '1m' ? { count, longest: { series, lastAt: START } } : NONE
        try {
          await take(0, 'a', 'b', 'c')
          await take(1, 'a', 'c')
          for (const minute of [2, 3]) await take(minute, 'a')
          await until(NONE)
          assert.equal(
            (await pipeline.series.state('b'))?.stale,
            false,
            'three intervals are not more than three',
          )
          await take(4, 'a')
          await until(found(1, 'b'))
          assert.deepEqual(pipeline.status().stale, found(1, 'b'))
          assert.equal((await pipeline.series.state('b'))?.stale, interval === '1m')
          await take(5, 'a')
          await until(found(2, 'b'))
          await pipeline.reconfigure(pipelineConfig('p', { ...settings, stale: { after: 4 } }))
          await until(found(1, 'b'))
          await take(5, 'b')
          await until(NONE)
        } finally {
          await pipeline.stop()
        }
      }),
    )
  })
}
