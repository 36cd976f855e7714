import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import type { PipelineConfig } from '../../src/config/types.js'
import type { Figure } from '../figure.js'
import { Workbench } from '../workbench.js'
import { connect, fill, PARTITIONS, python, type RealKafka } from './bed.js'
import { stagesOf } from './stages.js'
import { watched } from './watched.js'

/** The network and the forecasts of the comparison: GRU 2 × 64, 24 × 3 quantiles. */
export function kafkaSettings(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const settings = { topic: 'observations', interval: '1m', season: [60, 420], horizon: 24 }
  return { ...settings, model: { layers: 2, hidden: 64 }, partitions: PARTITIONS, ...more }
}

export function kafkaPipeline(name: string, more: Readonly<Record<string, unknown>> = {}): PipelineConfig {
  return Workbench.config(kafkaSettings(more), name)
}

/** Kafka to Kafka, exactly once, one process, the cluster on the same cores; beside it the same job in Python. */
export async function benchThroughput(kafka: RealKafka, perSeries: number): Promise<Figure[]> {
  const { broker, end } = await connect(kafka.brokers)
  const bench = await Workbench.on(broker, end)
  try {
    const records = await fill(broker, 'observations', perSeries)
    const [profiled, config] = [kafkaPipeline('profiled'), kafkaPipeline('throughput')]
    for (const pipeline of [profiled, config]) await bench.pinModel(pipeline)
    // Apart: the profiler takes time, and so does the compiler in the first seconds of a process.
    const { seconds: stages } = await stagesOf(() => drained(bench, profiled, records))
    const seconds = await drained(bench, config, records)
    const figures: Figure[] = [
      {
        name: 'kafka: forecasts of 24 × 3 quantiles, exactly once',
        value: records / seconds,
        unit: 'forecasts/s',
      },
    ]
    for (const [stage, spent] of stages) {
      figures.push({
        name: `kafka: main thread, ${stage}`,
        value: (spent / records) * 1e6,
        unit: 'µs/forecast',
      })
    }
    const rate = await pythonRate(kafka.brokers, records)
    if (rate !== null) {
      figures.push(
        { name: 'kafka: the same in Python with PyTorch', value: rate, unit: 'forecasts/s' },
        { name: 'kafka: ratio to Python', value: records / seconds / rate, unit: '' },
      )
    }
    return figures
  } finally {
    await bench.close()
  }
}

/** Seconds from the first batch to the last commit. */
async function drained(
  bench: Awaited<ReturnType<typeof Workbench.on>>,
  config: PipelineConfig,
  records: number,
): Promise<number> {
  let first = Infinity
  const broker = watched(bench.broker, () => {
    first = Math.min(first, performance.now())
    return Promise.resolve()
  })
  const pipeline = bench.pipeline(config, broker)
  await pipeline.start()
  await Workbench.settled(pipeline, records)
  const seconds = (performance.now() - first) / 1000
  await pipeline.stop()
  return seconds
}

async function pythonRate(brokers: string, records: number): Promise<number | null> {
  const interpreter = await python()
  if (interpreter === null) return null
  const program = new URL('../../../bench/python/kafka_forecast.py', import.meta.url).pathname
  const args = [program, brokers, 'observations', 'python.forecasts', String(records)]
  const child = spawn(interpreter, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [output] = await Promise.all([text(child.stdout), once(child, 'exit')])
  if (child.exitCode !== 0) throw new Error(`${program} has failed: exit ${String(child.exitCode)}`)
  const { seconds } = JSON.parse(output) as { readonly seconds: number }
  return records / seconds
}
