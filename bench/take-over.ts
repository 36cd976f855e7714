import { setTimeout as pause } from 'node:timers/promises'
import type { SettledBatch } from '../src/pipeline/settle.js'
import type { Figure } from './figure.js'
import { percentile } from './percentile.js'
import { Workbench } from './workbench.js'

const SERIES = 10_000
const HOUR = 3_600_000
/** Hours of history of each series: as many as states are made anew from. */
const HISTORY = 49
const RATE = 1000
const TICK_MS = 20
const CALM_MS = 15_000
const TAKE_OVERS = 3

/** How long observations wait for their forecasts, at 1,000 a second, while a network takes over 10,000 series and otherwise. */
export async function benchTakeOver(): Promise<Figure[]> {
  const bench = await Workbench.open()
  try {
    const config = Workbench.config({ interval: '1h', season: [24, 168], horizon: 24 })
    await bench.broker.ensureTopics([{ name: config.topic, partitions: 1 }])
    await bench.pinModel(config)
    const { models } = bench.broker
    const other = await models.put({ ...models.get(config.name, 1)! })
    const pipeline = bench.pipeline(config)
    await pipeline.start()
    const append = (from: number, to: number): Promise<void> =>
      bench.broker.append(
        Array.from({ length: to - from }, (_, i) => {
          const n = from + i
          const hour = Math.floor(n / SERIES)
          const value = Buffer.from(`{"ts":${hour * HOUR},"value":${10 + Math.sin(hour / 4) + (n % 7)}}`)
          return { topic: config.topic, partition: 0, key: Buffer.from(`s${n % SERIES}`), value }
        }),
      )
    let fed = 0
    for (; fed < SERIES * HISTORY; fed += 5000) await append(fed, fed + 5000)
    await Workbench.settled(pipeline, fed)

    let latencies: number[] = []
    const add = pipeline.progress.add.bind(pipeline.progress)
    pipeline.progress.add = (settled: SettledBatch) => {
      add(settled)
      latencies.push(Date.now() - settled.oldest)
    }
    const over = new AbortController()
    const feeding = (async () => {
      const started = performance.now()
      for (const first = fed; !over.signal.aborted;) {
        const due = first + Math.floor((performance.now() - started) * (RATE / 1000))
        if (due > fed) await append(fed, due)
        fed = Math.max(fed, due)
        await pause(TICK_MS)
      }
    })()
    await pause(CALM_MS)
    const calm = latencies
    latencies = []
    const started = performance.now()
    for (let i = 0; i < TAKE_OVERS; i++)
      await pipeline.promote(i % 2 === 0 ? other : models.get(config.name, 1)!)
    const seconds = (performance.now() - started) / 1000 / TAKE_OVERS
    const during = latencies
    over.abort()
    await feeding
    await pipeline.stop()
    const figure = (what: string, value: number, unit = 'ms'): Figure => ({
      name: `take-over of ${SERIES} series at ${RATE} records/s: ${what}`,
      value,
      unit,
    })
    return [
      figure('duration', seconds, 's'),
      figure('batches meanwhile', during.length / TAKE_OVERS, 'batches'),
      figure('latency otherwise, p50', percentile(calm, 0.5)),
      figure('latency otherwise, p99', percentile(calm, 0.99)),
      figure('latency, p50', percentile(during, 0.5)),
      figure('latency, p99', percentile(during, 0.99)),
      figure('p99 as a multiple', percentile(during, 0.99) / percentile(calm, 0.99), 'times'),
      figure('longest', Math.max(...during)),
    ]
  } finally {
    await bench.close()
  }
}
