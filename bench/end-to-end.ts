import { Household } from './household.js'
import type { Figure } from './figure.js'
import { Workbench } from './workbench.js'

const SERIES = 1000
const APPEND = 5000

/** Observations in, probabilistic forecasts out, exactly once, on the embedded log: 24 × 3 quantiles for each. */
export async function benchEndToEnd(perSeries = 200): Promise<Figure[]> {
  const bench = await Workbench.open()
  try {
    const config = Workbench.config({ interval: '1m', season: [60, 420], horizon: 24 })
    const { topic, output } = config
    await bench.broker.ensureTopics([{ name: topic, partitions: 1 }])
    await bench.pinModel(config)
    const records = (await Household.read()).records(topic, SERIES, 0, perSeries)
    for (let i = 0; i < records.length; i += APPEND) await bench.broker.append(records.slice(i, i + APPEND))
    const pipeline = bench.pipeline(config)
    const started = performance.now()
    await pipeline.start()
    await Workbench.settled(pipeline, records.length)
    const seconds = (performance.now() - started) / 1000
    const bytes = pipeline.bytesPerSeries()
    await pipeline.stop()
    const forecasts = (await bench.broker.describe(output))![0]!.end
    return [
      { name: 'end-to-end: records', value: records.length / seconds, unit: 'records/s' },
      { name: 'end-to-end: forecasts of 24 × 3 quantiles', value: forecasts / seconds, unit: 'forecasts/s' },
      { name: 'state of a series (season 60,420, horizon 24)', value: bytes, unit: 'bytes' },
    ]
  } finally {
    await bench.close()
  }
}
