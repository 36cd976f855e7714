import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { openEmbeddedBroker, type EmbeddedBroker } from '../src/adapters/embedded/embedded-broker.js'
import { launchTrainer } from '../src/cli/launch-trainer.js'
import { Accuracy } from '../src/core/accuracy.js'
import { systemClock } from '../src/ports/clock.js'
import type { Decision, StoredModel } from '../src/ports/model-store.js'
import { createTelemetry } from '../src/telemetry/telemetry.js'
import { TrainingSupervisor } from '../src/training/supervisor.js'
import type { Figure } from './figure.js'
import { Workbench } from './workbench.js'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const MAP_SIZE = 2 ** 36
/** Days of the electricity stream: read as history, then as a stream before what happens, and after it. */
const HISTORY = 548
const BEFORE = 112
const AFTER = 130
/** Drift that no stream reaches. */
const NEVER = 1000
/** Days after a retraining over which the two are compared. */
const COMPARED = 56

type Disturbance = 'none' | 'level' | 'season'

/** What the stream holds from a day on: 30 % more, or a daily rhythm six hours later. */
function disturbed(values: readonly number[], kind: Disturbance, from: number): number[] {
  if (kind === 'level') return values.map((value, i) => (i >= from ? 1.3 * value : value))
  if (kind === 'season') return values.map((value, i) => (i >= from ? values[i - 6]! : value))
  return [...values]
}

interface Replayed {
  /** By day: scores of the forecasts whose target it holds. */
  readonly days: Map<number, Accuracy>
  readonly alarms: readonly number[]
  /** Day of the stream, and what was decided. */
  readonly decisions: readonly (readonly [number, Decision])[]
}

/**
 * The electricity stream with a disturbance, replayed so that its time stands still while a network is trained: how soon
 * that is noticed, what the gate says, and what retraining is worth over the eight weeks after it.
 */
export async function benchLearning(): Promise<Figure[]> {
  const dir = await mkdtemp(join(tmpdir(), 'tidecast-learning-'))
  const broker = await openEmbeddedBroker({
    dir,
    mapSizeBytes: MAP_SIZE,
    clock: systemClock,
    pid: process.pid,
  })
  const bench = await Workbench.on(broker, async () => {
    await broker.close()
    await rm(dir, { recursive: true, force: true })
  })
  try {
    const file = await readFile(new URL('../../demo/electricity.csv.gz', import.meta.url))
    const lines = gunzipSync(file).toString().trim().split('\n').slice(1)
    const values = lines.map((line) => Number(line.split(',')[2]))
    const start = Date.parse(lines[0]!.split(',')[1]!)
    const figures: Figure[] = []
    let first: StoredModel | null = null
    for (const kind of ['level', 'season', 'none'] as const) {
      const series = disturbed(values, kind, (HISTORY + BEFORE) * 24)
      const replay = async (name: string, retraining: boolean, days: number): Promise<Replayed> => {
        const [replayed, model] = await replayOne({
          bench,
          broker,
          dir,
          name,
          retraining,
          series,
          start,
          days,
          first,
        })
        first ??= model
        return replayed
      }
      const days = kind === 'none' ? values.length / 24 : HISTORY + BEFORE + AFTER
      const learning = await replay(`${kind}-learning`, true, days)
      const still = kind === 'none' ? null : await replay(`${kind}-still`, false, days)
      figures.push(...report(kind, learning, still))
    }
    return figures
  } finally {
    await bench.close()
  }
}

function report(kind: Disturbance, learning: Replayed, still: Replayed | null): Figure[] {
  const at = HISTORY + BEFORE
  const name = `learning, ${kind}`
  const figures: Figure[] = [{ name: `${name}: alarms`, value: learning.alarms.length, unit: 'alarms' }]
  if (still === null) return [...figures, ...decided(name, learning, HISTORY, HISTORY)]
  const noticed = learning.alarms.find((day) => day >= at)
  figures.push({
    name: `${name}: alarm after`,
    value: noticed === undefined ? NaN : noticed - at,
    unit: 'days',
  })
  for (const week of [0, 1, 2]) {
    const { coverage } = over(learning, at + 7 * week, 7)
    figures.push({ name: `${name}: coverage in week ${week + 1}`, value: coverage ?? NaN, unit: 'share' })
  }
  for (const [day] of learning.decisions.filter(([day]) => day >= at)) {
    const [ours, theirs] = [over(learning, day + 1, COMPARED), over(still, day + 1, COMPARED)]
    const from = `from day ${day + 1 - at} on`
    figures.push({
      name: `${name}: WQL with retraining, eight weeks ${from}`,
      value: ours.wql ?? NaN,
      unit: 'WQL',
    })
    figures.push({ name: `${name}: WQL without, eight weeks ${from}`, value: theirs.wql ?? NaN, unit: 'WQL' })
  }
  return [...figures, ...decided(name, learning, at, at)]
}

/** What the gate said of every candidate after a day. */
function decided(name: string, { decisions }: Replayed, from: number, zero: number): Figure[] {
  return decisions
    .filter(([day]) => day >= from)
    .flatMap(([day, { outcome, why, verdict }]) => [
      {
        name: `${name}: ${outcome}${why === null ? '' : ` (${why})`} after`,
        value: day - zero,
        unit: 'days',
      },
      ...(verdict?.comparisons ?? []).map(({ against, change }) => ({
        name: `${name}: its loss beside the ${against}'s, held out`,
        value: change,
        unit: 'share',
      })),
    ])
}

function over({ days }: Replayed, from: number, count: number): ReturnType<Accuracy['scores']> {
  const sum = new Accuracy([0.1, 0.5, 0.9])
  for (let day = from; day < from + count; day++) {
    const one = days.get(day)
    if (one !== undefined) sum.merge(one)
  }
  return sum.scores()
}

interface ReplayOptions {
  readonly bench: Workbench
  readonly broker: EmbeddedBroker
  readonly dir: string
  readonly name: string
  /** Without it the first network stays, whatever comes. */
  readonly retraining: boolean
  readonly series: readonly number[]
  /** Time stamp of the first value, ms. */
  readonly start: number
  readonly days: number
  /** Trained on the same history before; `null`: to be trained. */
  readonly first: StoredModel | null
}

async function replayOne(options: ReplayOptions): Promise<[Replayed, StoredModel]> {
  const { bench, broker, dir, name, retraining, series, start, days, first } = options
  const config = Workbench.config(
    {
      topic: name,
      interval: '1h',
      horizon: 24,
      training: {
        enabled: true,
        ...(retraining ? {} : { drift: { threshold: NEVER }, setAside: { enabled: false } }),
      },
    },
    name,
  )
  await broker.ensureTopics([{ name, partitions: 1 }])
  const append = (from: number, to: number): Promise<void> =>
    broker.append(
      series.slice(from, to).map((value, i) => {
        const ts = start + (from + i) * HOUR
        const bytes = Buffer.from(JSON.stringify({ ts, value }))
        return { topic: name, partition: 0, timestamp: ts, key: Buffer.from('demand'), value: bytes }
      }),
    )
  if (first !== null) {
    const { version } = await broker.models.put({ ...first, pipeline: name })
    await broker.models.setChampion(name, version)
  }
  const pipeline = bench.pipeline(config)
  const destination = { write: (line: string) => void process.stderr.write(line) }
  const telemetry = createTelemetry({ level: 'info', format: 'json', destination, version: 'bench' })
  let now = 0
  const supervisor = new TrainingSupervisor({
    pipelines: [pipeline],
    models: broker.models,
    launch: launchTrainer(process.env),
    job: { log: { kind: 'embedded', dir, mapSizeBytes: MAP_SIZE }, registry: null, backend: 'auto' },
    telemetry: (which) => telemetry.pipeline(which),
    clock: { now: () => now },
  })
  await pipeline.start()
  const decisions: (readonly [number, Decision])[] = []
  const alarms: number[] = []
  try {
    for (let day = HISTORY; day <= days; day++) {
      await append(day === HISTORY ? 0 : (day - 1) * 24, day * 24)
      await Workbench.settled(pipeline, day * 24)
      // The stream waits: for the history to have come to rest, and for a training.
      for (let second = 0; second < (day === HISTORY ? 8 : 1) || supervisor.busy; second++) {
        now += 1000
        supervisor.tick()
        if (supervisor.busy) await new Promise((resolve) => setTimeout(resolve, 100))
      }
      const { alarm } = pipeline.drift()
      const alarmed = alarm === null ? NaN : Math.round((alarm.at - start) / DAY)
      if (alarm !== null && alarms.at(-1) !== alarmed) alarms.push(alarmed)
      const known = broker.models.decisions(name)
      for (const decision of known.slice(decisions.length)) decisions.push([day, decision])
    }
  } finally {
    await supervisor.stop()
    await pipeline.stop()
  }
  const days_ = await scoresByDay(broker, config.output, series, start)
  return [{ days: days_, alarms, decisions }, broker.models.get(name, 1)!]
}

async function scoresByDay(
  broker: EmbeddedBroker,
  output: string,
  series: readonly number[],
  start: number,
): Promise<Map<number, Accuracy>> {
  const days = new Map<number, Accuracy>()
  for await (const records of broker.read(output, 0, {})) {
    for (const { value } of records) {
      if (value === null) continue
      const { origin, quantiles } = JSON.parse(Buffer.from(value).toString()) as {
        readonly origin: string
        readonly quantiles: Readonly<Record<'0.1' | '0.5' | '0.9', readonly number[]>>
      }
      const at = Math.round((Date.parse(origin) - start) / HOUR)
      if (at < HISTORY * 24) continue
      quantiles['0.5'].forEach((median, h) => {
        const target = at + h + 1
        const actual = series[target]
        if (actual === undefined) return
        const day = Math.floor(target / 24)
        const accuracy = days.get(day) ?? new Accuracy([0.1, 0.5, 0.9])
        days.set(day, accuracy)
        accuracy.add(actual, quantiles['0.1'][h]!, median, quantiles['0.9'][h]!, 1)
      })
    }
  }
  return days
}
