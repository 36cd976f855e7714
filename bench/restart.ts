import { Household } from './household.js'
import type { Figure } from './figure.js'
import { Workbench } from './workbench.js'

const APPEND = 5000

/** From the start of a pipeline with many stored series to the moment it takes records. */
export async function benchRestart(series = 100_000): Promise<Figure[]> {
  const bench = await Workbench.open()
  try {
    const config = Workbench.config({ interval: '1m', season: [60, 420], horizon: 24 })
    const { topic } = config
    await bench.broker.ensureTopics([{ name: topic, partitions: 1 }])
    await bench.pinModel(config)
    const records = (await Household.read()).records(topic, series, 0, 1)
    for (let i = 0; i < records.length; i += APPEND) await bench.broker.append(records.slice(i, i + APPEND))
    const first = bench.pipeline(config)
    await first.start()
    await Workbench.settled(first, records.length)
    await first.stop()
    const second = bench.pipeline(config)
    const started = performance.now()
    await second.start()
    while (second.status().phase !== 'running') await new Promise((resolve) => setTimeout(resolve, 5))
    const seconds = (performance.now() - started) / 1000
    const resident = second.status().series
    await second.stop()
    return [{ name: `restart with ${String(resident)} series`, value: seconds, unit: 's' }]
  } finally {
    await bench.close()
  }
}
