import { setTimeout as pause } from 'node:timers/promises'
import { launchTrainer } from '../src/cli/launch-trainer.js'
import type { PipelineConfig } from '../src/config/types.js'
import type { Pipeline } from '../src/pipeline/pipeline.js'
import type { SettledBatch } from '../src/pipeline/settle.js'
import type { BrokerPlace } from '../src/ports/broker-place.js'
import { TrainerFailure } from '../src/training/protocol.js'
import type { Figure } from './figure.js'
import { percentile } from './percentile.js'
import { Workbench } from './workbench.js'

const HOUR = 3_600_000
const SERIES = 1000
/** Hours of each series before anything is measured: what is trained on. */
const HISTORY = 400
const APPEND = 5000
/** Records per second at which latency is measured. */
const RATE = 1000
const TICK_MS = 20
const WINDOW_MS = 12_000
/** Windows with and without a training take turns, so that a machine that gets slower or faster does not count. */
const TURNS = 3
/** Weight updates of a training that is not to end by itself. */
const FOREVER = 1_000_000

/** What a training at full load costs the stream beside it: records per second, and how long each waits for its forecast. */
export async function benchBesideTraining(): Promise<Figure[]> {
  const { bench, log } = await Workbench.inFolder()
  const { broker } = bench
  try {
    const config = Workbench.config({ interval: '1h', season: [24, 168], horizon: 24 })
    await broker.ensureTopics([{ name: config.topic, partitions: 1 }])
    await bench.pinModel(config)
    const pipeline = bench.pipeline(config)
    await pipeline.start()
    let fed = 0
    const feed = async (to: number): Promise<void> => {
      for (; fed < to; fed = Math.min(to, fed + APPEND)) {
        await broker.append(records(config.topic, fed, Math.min(to, fed + APPEND)))
      }
    }
    await feed(SERIES * HISTORY)
    await Workbench.settled(pipeline, fed)
    const trainer = new Trainer(config, log)

    /** A stream that always has more to take than it can. */
    const throughput = async (): Promise<number> => {
      const [from, started] = [pipeline.progress.records, performance.now()]
      while (performance.now() - started < WINDOW_MS) {
        if (fed - pipeline.progress.records < 4 * APPEND) await feed(fed + 4 * APPEND)
        await pause(TICK_MS)
      }
      const rate = (pipeline.progress.records - from) / ((performance.now() - started) / 1000)
      await Workbench.settled(pipeline, fed)
      return rate
    }
    /** A stream of so many records a second. */
    const latency = async (): Promise<number[]> => {
      const waited = collectLatencies(pipeline)
      const [first, started] = [fed, performance.now()]
      while (performance.now() - started < WINDOW_MS) {
        await feed(first + Math.floor((performance.now() - started) * (RATE / 1000)))
        await pause(TICK_MS)
      }
      await Workbench.settled(pipeline, fed)
      return waited.end()
    }

    const [calm, busy] = [measurements(), measurements()]
    for (let turn = 0; turn < TURNS; turn++) {
      for (const into of [calm, busy]) {
        if (into === busy) await trainer.start()
        process.stderr.write(
          `beside-training: ${into === busy ? 'training' : 'alone'}, ${turn + 1} of ${TURNS}\n`,
        )
        const updates = trainer.updates
        const started = performance.now()
        into.rates.push(await throughput())
        into.latencies.push(...(await latency()))
        into.updates += trainer.updates - updates
        into.seconds += (performance.now() - started) / 1000
        await trainer.stop()
      }
    }
    await pipeline.stop()
    return report(calm, busy)
  } finally {
    await bench.close()
  }
}

interface Measurements {
  readonly rates: number[]
  readonly latencies: number[]
  updates: number
  seconds: number
}

function measurements(): Measurements {
  return { rates: [], latencies: [], updates: 0, seconds: 0 }
}

function report(calm: Measurements, busy: Measurements): Figure[] {
  const figure = (what: string, value: number, unit: string): Figure => ({
    name: `beside a training, ${SERIES} series: ${what}`,
    value,
    unit,
  })
  const [alone, beside] = [mean(calm.rates), mean(busy.rates)]
  const p = (of: Measurements, share: number): number => percentile(of.latencies, share)
  return [
    figure('throughput alone', alone, 'records/s'),
    figure('throughput', beside, 'records/s'),
    figure('throughput as a share', beside / alone, 'share'),
    figure(`latency alone at ${RATE} records/s, p50`, p(calm, 0.5), 'ms'),
    figure(`latency alone at ${RATE} records/s, p99`, p(calm, 0.99), 'ms'),
    figure(`latency at ${RATE} records/s, p50`, p(busy, 0.5), 'ms'),
    figure(`latency at ${RATE} records/s, p99`, p(busy, 0.99), 'ms'),
    figure('p99 as a multiple', p(busy, 0.99) / p(calm, 0.99), 'times'),
    figure('updates of the training meanwhile', busy.updates / busy.seconds, 'updates/s'),
  ]
}

/** Trainings of the pipeline's data, each in the process that the daemon would start. */
class Trainer {
  updates = 0
  private ending = new AbortController()
  private over: Promise<unknown> = Promise.resolve()

  constructor(
    private readonly config: PipelineConfig,
    private readonly log: BrokerPlace,
  ) {}

  /** Resolves when the training is under way. */
  async start(): Promise<void> {
    const { config, log } = this
    const ending = (this.ending = new AbortController())
    await new Promise<void>((resolve, reject) => {
      const job = {
        config: { ...config, training: { ...config.training, updates: FOREVER } },
        log,
        registry: null,
        backend: 'auto',
        from: null,
        until: [],
        maxRecords: SERIES * HISTORY,
      } as const
      this.over = launchTrainer(process.env)(
        job,
        (reply) => {
          if (reply.kind !== 'progress') return
          this.updates++
          resolve()
        },
        ending.signal,
      ).catch((error: unknown) => {
        if (error instanceof TrainerFailure && error.reason === 'aborted') return
        reject(error instanceof Error ? error : new Error(String(error)))
      })
    })
  }

  async stop(): Promise<void> {
    this.ending.abort()
    await this.over
  }
}

/** From now on, ms from the oldest record of each batch to its forecasts. */
function collectLatencies(pipeline: Pipeline): { end(): number[] } {
  const waited: number[] = []
  const { progress } = pipeline
  const add = progress.add.bind(progress)
  progress.add = (settled: SettledBatch) => {
    add(settled)
    waited.push(Date.now() - settled.oldest)
  }
  return {
    end: () => {
      progress.add = add
      return waited
    },
  }
}

function records(topic: string, from: number, to: number): Parameters<Workbench['broker']['append']>[0] {
  return Array.from({ length: to - from }, (_, i) => {
    const n = from + i
    const hour = Math.floor(n / SERIES)
    const value = Buffer.from(`{"ts":${hour * HOUR},"value":${10 + Math.sin(hour / 4) + (n % 7)}}`)
    return { topic, partition: 0, key: Buffer.from(`s${n % SERIES}`), value }
  })
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
