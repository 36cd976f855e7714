/** Forecasts in all their forms: what writing one costs, and what a record for each step costs from Kafka to Kafka. */
import { forecastWriter } from '../src/core/forecast/writer.js'
import type { ForecastForm } from '../src/core/forecast/format.js'
import { FRAME_BYTES } from '../src/core/value-format.js'
import type { Figure } from './figure.js'
import { Household } from './household.js'
import { connect, startKafka } from './kafka/bed.js'
import { watched } from './kafka/watched.js'
import { Workbench } from './workbench.js'

const SERIES = 1000
const HORIZON = 24
const QUANTILES = [0.1, 0.5, 0.9]
const FORECASTS = 20_000
const ROUNDS = 12

const FORMS = [
  ['json', 'wide'],
  ['json', 'long'],
  ['avro', 'wide'],
  ['avro', 'long'],
  ['json-schema', 'wide'],
  ['json-schema', 'long'],
] as const

export async function benchFormats(perSeries = 60): Promise<Figure[]> {
  const kafka = await startKafka()
  try {
    const figures = writing()
    // The first is at a disadvantage: nothing has been compiled yet.
    await fromKafkaToKafka(kafka.brokers, 'wide', perSeries, 'warm-up')
    for (const format of ['wide', 'long'] as const) {
      figures.push(...(await fromKafkaToKafka(kafka.brokers, format, perSeries, format)))
    }
    return figures
  } finally {
    await kafka.stop()
  }
}

/** The best of several rounds, in which the forms take turns. */
function writing(): Figure[] {
  const forecasts = Array.from({ length: 64 }, (_, k) =>
    Float64Array.from({ length: HORIZON * QUANTILES.length }, (__, i) => 100 + k + 20 * Math.sin(i * k)),
  )
  const runs = FORMS.map(([output, format]) => {
    const form: ForecastForm = {
      ...{ name: 'bench', interval: 3_600_000, horizon: HORIZON, quantiles: QUANTILES },
      ...{ encoding: { output }, publish: { format } },
    }
    const writer = forecastWriter(form, new Uint8Array(output === 'json' ? 0 : FRAME_BYTES))
    const heads = Array.from({ length: SERIES }, (_, s) => writer.head(`series-${s}`))
    return { name: `${output}, ${format}`, writer, heads, best: Infinity, bytes: 0 }
  })
  for (let round = 0; round < ROUNDS; round++) {
    for (const run of runs) {
      const { writer, heads } = run
      run.bytes = 0
      const started = performance.now()
      for (let i = 0; i < FORECASTS; i++) {
        const origin = 3_600_000 * Math.floor(i / SERIES)
        for (let k = 0; k < writer.records; k++) {
          run.bytes += writer.write(heads[i % SERIES]!, origin, 'gru@1', forecasts[i % 64]!, 12, k).length
        }
      }
      run.best = Math.min(run.best, performance.now() - started)
    }
  }
  return runs.flatMap(({ name, best, bytes }) => [
    { name: `writing a forecast: ${name}`, value: (best * 1000) / FORECASTS, unit: 'µs' },
    { name: `a forecast: ${name}`, value: bytes / FORECASTS, unit: 'bytes' },
  ])
}

/** Exactly once, in JSON, one partition, a network of 2 × 64. */
async function fromKafkaToKafka(
  brokers: string,
  format: 'wide' | 'long',
  perSeries: number,
  id: string,
): Promise<Figure[]> {
  const { broker, end } = await connect(brokers)
  const bench = await Workbench.on(broker, end)
  try {
    const settings = { topic: `in-${id}`, interval: '1m', season: [60, 420], horizon: HORIZON }
    const config = Workbench.config({ ...settings, publish: { format } }, `bench-${id}`)
    await broker.ensureTopics([{ name: config.topic, partitions: 1 }])
    await bench.pinModel(config)
    await broker.append((await Household.read()).records(config.topic, SERIES, 0, perSeries))
    let longest = 0
    let last = Infinity
    const pipeline = bench.pipeline(
      config,
      watched(broker, async () => {
        const now = performance.now()
        longest = Math.max(longest, now - last)
        last = now
      }),
    )
    const started = performance.now()
    await pipeline.start()
    await Workbench.settled(pipeline, perSeries * SERIES)
    const seconds = (performance.now() - started) / 1000
    await pipeline.stop()
    const records = (await broker.describe(config.output))![0]!.end
    const name = `Kafka to Kafka, ${format}`
    return [
      { name, value: (perSeries * SERIES) / seconds, unit: 'forecasts/s' },
      { name, value: records / seconds, unit: 'offsets published/s' },
      { name: `${name}: longest batch`, value: longest, unit: 'ms' },
    ]
  } finally {
    await bench.close()
  }
}
