import { readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import type { EmbeddedBroker } from '../src/adapters/embedded/embedded-broker.js'
import { launchTrainer } from '../src/cli/launch-trainer.js'
import { Accuracy } from '../src/core/accuracy.js'
import type { BrokerPlace } from '../src/ports/broker-place.js'
import type { Decision, StoredModel } from '../src/ports/model-store.js'
import { createTelemetry } from '../src/telemetry/telemetry.js'
import { TrainingSupervisor } from '../src/training/supervisor.js'
import type { Figure } from './figure.js'
import { Workbench } from './workbench.js'

const HOUR = 3_600_000
const DAY = 24 * HOUR
/** Days of the electricity stream: read as history, and as a stream after what happens. */
const HISTORY = 548
const AFTER = 130
/** Days of the stream before something happens; all of them only where there is time. */
const BEFORE = process.env['TIDECAST_LONG'] === '1' ? [112, 224, 336] : [112]
/** Drift that no stream reaches. */
const NEVER = 1000
/** Days after a retraining over which the two are compared. */
const COMPARED = 56

/** What the stream holds from a day on. */
const DISTURBANCES = {
  'level, 30 % more': (values, i) => 1.3 * values[i]!,
  'level, 30 % less': (values, i) => 0.7 * values[i]!,
  'season, 6 h later': (values, i) => values[i - 6]!,
} as const satisfies Readonly<Record<string, (values: readonly number[], i: number) => number>>

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
  const { bench, log } = await Workbench.inFolder()
  const { broker } = bench
  try {
    const file = await readFile(new URL('../../demo/electricity.csv.gz', import.meta.url))
    const lines = gunzipSync(file).toString().trim().split('\n').slice(1)
    const values = lines.map((line) => Number(line.split(',')[2]))
    const start = Date.parse(lines[0]!.split(',')[1]!)
    const figures: Figure[] = []
    let first: StoredModel | null = null
    const replay = async (
      name: string,
      retraining: boolean,
      series: readonly number[],
      days: number,
    ): Promise<Replayed> => {
      const topic = name.replaceAll(/[^a-z0-9]+/g, '-')
      const told = { bench, broker, log, name, topic, retraining, series, start, days, first }
      const [replayed, model] = await replayOne(told)
      first ??= model
      return replayed
    }
    for (const before of BEFORE) {
      for (const [kind, change] of Object.entries(DISTURBANCES)) {
        const at = HISTORY + before
        const series = values.map((value, i) => (i >= at * 24 ? change(values, i) : value))
        const name = `${kind} on day ${before}`
        const learning = await replay(`${name}, learning`, true, series, at + AFTER)
        const still = await replay(`${name}, still`, false, series, at + AFTER)
        const told = report(`learning, ${name}`, at, learning, still)
        for (const { name: what, value } of told)
          process.stderr.write(`learning: ${what}: ${value.toPrecision(4)}\n`)
        figures.push(...told)
      }
    }
    const undisturbed = await replay('undisturbed, learning', true, values, values.length / 24)
    const name = 'learning, undisturbed'
    const years = values.length / 24 / 365.25 - HISTORY / 365.25
    figures.push({ name: `${name}: alarms a year`, value: undisturbed.alarms.length / years, unit: 'alarms' })
    for (const day of BEFORE)
      figures.push(...coverages(`${name} from day ${day} on`, HISTORY + day, undisturbed))
    return [...figures, ...decided(name, undisturbed, HISTORY, HISTORY)]
  } finally {
    await bench.close()
  }
}

function report(name: string, at: number, learning: Replayed, still: Replayed): Figure[] {
  const figures: Figure[] = [{ name: `${name}: alarms`, value: learning.alarms.length, unit: 'alarms' }]
  const noticed = learning.alarms.find((day) => day >= at)
  figures.push({
    name: `${name}: alarm after`,
    value: noticed === undefined ? NaN : noticed - at,
    unit: 'days',
  })
  figures.push(...coverages(name, at, learning))
  for (const [day] of learning.decisions.filter(([day]) => day >= at)) {
    const [ours, theirs] = [over(learning, day + 1, COMPARED), over(still, day + 1, COMPARED)]
    const from = `from day ${day + 1 - at} on`
    figures.push({
      name: `${name}: WQL with retraining, eight weeks ${from}`,
      value: ours.wql ?? NaN,
      unit: 'WQL',
    })
    figures.push({ name: `${name}: WQL without, eight weeks ${from}`, value: theirs.wql ?? NaN, unit: 'WQL' })
    const better = daysBetter(learning, still, day + 1)
    figures.push({
      name: `${name}: days with a lower loss than without, of ${COMPARED} ${from}`,
      value: better,
      unit: 'days',
    })
  }
  return [...figures, ...decided(name, learning, at, at)]
}

/** Of the 80 % interval, in the three weeks from a day on. */
function coverages(name: string, from: number, replayed: Replayed): Figure[] {
  return [0, 1, 2].map((week) => {
    const { coverage } = over(replayed, from + 7 * week, 7)
    return { name: `${name}: coverage in week ${week + 1}`, value: coverage ?? NaN, unit: 'share' }
  })
}

/** Two weeks of Christmas may outweigh all others in a sum. */
function daysBetter(learning: Replayed, still: Replayed, from: number): number {
  let count = 0
  for (let day = from; day < from + COMPARED; day++) {
    if ((over(learning, day, 1).wql ?? 0) < (over(still, day, 1).wql ?? 0)) count++
  }
  return count
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
  readonly log: BrokerPlace
  /** In words. */
  readonly name: string
  readonly topic: string
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
  const { bench, broker, log, name, topic, retraining, series, start, days, first } = options
  const config = Workbench.config(
    {
      topic,
      interval: '1h',
      horizon: 24,
      training: {
        enabled: true,
        ...(retraining ? {} : { drift: { threshold: NEVER }, setAside: { enabled: false } }),
      },
    },
    topic,
  )
  await broker.ensureTopics([{ name: topic, partitions: 1 }])
  const append = (from: number, to: number): Promise<void> =>
    broker.append(
      series.slice(from, to).map((value, i) => {
        const ts = start + (from + i) * HOUR
        const bytes = Buffer.from(JSON.stringify({ ts, value }))
        return { topic, partition: 0, timestamp: ts, key: Buffer.from('demand'), value: bytes }
      }),
    )
  if (first !== null) {
    const { version } = await broker.models.put({ ...first, pipeline: topic })
    await broker.models.setChampion(topic, version)
  }
  const pipeline = bench.pipeline(config)
  const destination = { write: (line: string) => void process.stderr.write(line) }
  const telemetry = createTelemetry({ level: 'warn', format: 'json', destination, version: 'bench' })
  let now = 0
  const supervisor = new TrainingSupervisor({
    pipelines: [pipeline],
    models: broker.models,
    launch: launchTrainer(process.env),
    job: { log, registry: null, backend: 'auto' },
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
      const known = broker.models.decisions(topic)
      for (const decision of known.slice(decisions.length)) {
        decisions.push([day, decision])
        const { reason, outcome, why } = decision
        const because = why === null ? '' : ` (${why})`
        process.stderr.write(`learning: ${name}: day ${day} of ${days}: ${reason}: ${outcome}${because}\n`)
      }
      if (day % 28 === 0) process.stderr.write(`learning: ${name}: day ${day} of ${days}\n`)
    }
  } finally {
    await supervisor.stop()
    await pipeline.stop()
  }
  const days_ = await scoresByDay(broker, config.output, series, start)
  return [{ days: days_, alarms, decisions }, broker.models.get(topic, 1)!]
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
