import { test } from 'node:test'
import { PartitionAtWork, forecastsOf } from '../support/partition-at-work.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { randomRows, reinterleaved } from '../support/random-rows.js'
import { long, seeded } from '../support/run-options.js'
import { assertSameForecasts } from '../support/same-outcome.js'

const SETTINGS = {
  interval: '5m',
  season: [12, 24],
  horizon: 6,
  allowedLateness: '20m',
  batch: { maxRecords: 4096 },
}

for (const aggregate of ['mean', 'sum', 'last'] as const) {
  test(`the first intervals of a new series, which come from all series, are those of a run without restarts (aggregate: ${aggregate})`, async (t) => {
    const { random } = seeded(t)
    // Each series begins at a time of its own, so that there are first intervals at all times.
    const rows = reinterleaved(
      random,
      randomRows(random, { series: 40, steps: long ? 1000 : 150, holes: 0.2 }),
    ).filter(({ series, ts }) => (ts / 60_000) % 1_000 > 3 * Number(series.slice(1)))
    const config = pipelineConfig('p', { ...SETTINGS, aggregate })
    const expected = await forecastsOf(config, null, rows)
    const own = pipelineConfig('p', {
      ...SETTINGS,
      aggregate,
      state: { snapshotEvery: '100ms', maxResidentSeries: 10 },
    })
    const work = await PartitionAtWork.open(own, null)
    try {
      await work.append(rows)
      let batches = 0
      await work.consume(
        () => 1 + random.integer(400),
        () => (++batches % 3 === 0 ? work.restart() : work.crash()),
      )
      assertSameForecasts(await work.outputs(), expected)
    } finally {
      await work.close()
    }
  })
}
