import { setTimeout as pause } from 'node:timers/promises'
import type { Figure } from '../figure.js'
import { Workbench } from '../workbench.js'
import { connect, fill, PARTITIONS, SERIES, type RealKafka } from './bed.js'
import { BenchDaemon, type Reading } from './daemon.js'
import { Helper } from './helper.js'
import { soak } from './soak.js'
import { kafkaPipeline, kafkaSettings } from './throughput.js'

/** New records that come all the while. */
const LIVE_RATE = 1000
const LIVE_MS = 10_000
const SAMPLE_MS = 100
const NOTE_MS = 10_000
const MIB = 2 ** 20

/** What the daemon's metrics said, and when (ms). */
export interface Sample extends Reading {
  readonly at: number
}

/**
 * The daemon takes up a topic at its earliest offset, while new records come: its rate and memory meanwhile, and whether it
 * pauses as it goes live. With `soakMs` it goes on, at half of that rate.
 */
export async function benchCatchUp(kafka: RealKafka, perSeries: number, soakMs: number): Promise<Figure[]> {
  const { brokers } = kafka
  const settings = { topic: 'backlog' }
  const backlog = await prepare(brokers, settings, perSeries)
  const daemon = await BenchDaemon.start(brokers, 'catch-up', kafkaSettings(settings))
  try {
    const feeder = await Helper.start('feeder', { brokers, ...settings, rate: LIVE_RATE, from: perSeries })
    const samples = await catchUp(daemon, backlog)
    const live = samples.findIndex(({ records }) => records >= backlog)
    const started = samples.findIndex(({ records }) => records > 0)
    const rate = between(samples[started]!, samples[live]!)
    const most = (of: keyof Reading): number => Math.max(...samples.map((sample) => sample[of]))
    const figures: Figure[] = [
      { name: `kafka: catching up with ${String(backlog)} records`, value: rate, unit: 'records/s' },
      { name: 'kafka: catching up, lag at first', value: most('lag'), unit: 'records' },
      { name: 'kafka: live again, lag', value: samples.at(-1)!.lag, unit: 'records' },
      { name: 'kafka: longest time between commits, into live', value: longestPause(samples), unit: 'ms' },
      { name: 'kafka: catching up, most memory', value: most('residentBytes') / MIB, unit: 'MiB' },
      { name: 'kafka: catching up, most heap', value: most('heapBytes') / MIB, unit: 'MiB' },
    ]
    if (soakMs > 0) figures.push(...(await soak(daemon, feeder, rate / 2, soakMs)))
    await feeder.stop()
    figures.push({ name: 'kafka: log lines about errors', value: daemon.errors.length, unit: '' })
    return figures
  } finally {
    await daemon.stop()
  }
}

/** Fills the topic. Nothing of it goes on running beside the daemon. */
async function prepare(
  brokers: string,
  settings: { readonly topic: string },
  perSeries: number,
): Promise<number> {
  const { broker, end } = await connect(brokers)
  const bench = await Workbench.on(broker, end)
  try {
    const config = kafkaPipeline('catch-up', settings)
    await broker.ensureTopics([{ name: config.output, partitions: PARTITIONS }])
    await bench.pinModel(config)
    process.stderr.write(`  appending ${String(perSeries * SERIES)} records …\n`)
    return await fill(broker, settings.topic, perSeries)
  } finally {
    await bench.close()
  }
}

/** Until some time after the daemon has settled so many records. */
async function catchUp(daemon: BenchDaemon, records: number): Promise<Sample[]> {
  const samples: Sample[] = []
  let live: number | null = null
  let noted = -Infinity
  for (;;) {
    const sample = await sampled(daemon)
    samples.push(sample)
    if (sample.at - noted >= NOTE_MS) {
      process.stderr.write(`  ${String(sample.records)} records, ${String(sample.lag)} behind\n`)
      noted = sample.at
    }
    if (sample.records >= records) live ??= sample.at
    if (live !== null && sample.at - live >= LIVE_MS) return samples
    await pause(SAMPLE_MS)
  }
}

export async function sampled(daemon: BenchDaemon): Promise<Sample> {
  const reading = await daemon.read()
  return { ...reading, at: performance.now() }
}

/** Records per second. */
export function between(a: Sample, b: Sample): number {
  return ((b.records - a.records) * 1000) / (b.at - a.at)
}

/** Longest time (ms) without another record settled, once there was a first. */
function longestPause(samples: readonly Sample[]): number {
  let longest = 0
  let moved: Sample | null = null
  for (const sample of samples) {
    if (sample.records === 0) continue
    if (moved !== null) longest = Math.max(longest, sample.at - moved.at)
    if (sample.records !== moved?.records) moved = sample
  }
  return longest
}
