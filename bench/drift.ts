import { readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import type { PipelineConfig } from '../src/config/types.js'
import { DriftDetector } from '../src/core/drift.js'
import type { SeriesHistory } from '../src/core/history.js'
import { StateLayout } from '../src/core/layout.js'
import { Network } from '../src/model/network.js'
import { StreamRunner } from '../src/training/stream.js'
import { trainNetwork } from '../src/training/train.js'
import type { Figure } from './figure.js'
import { tensorflow } from './tensorflow.js'
import { Workbench } from './workbench.js'

const HOUR = 3_600_000
const DAY = 24
const YEAR = 365.2425 * DAY
/** Bundled set, and months of it that a network is trained on. */
const STREAMS = [
  ['electricity', 9],
  ['electricity', 12],
  ['electricity', 18],
  ['traffic', 9],
  ['traffic', 12],
] as const
/** From one injection to the next, and before the first. */
const STRIDE = 28 * DAY
const FIRST = 60 * DAY
/** What of the stream is known before an injection, what of it the network has run over, and how long one is looked for. */
const LEAD = 150 * DAY
const WARM = 20 * DAY
const LOOKED = 21 * DAY
/** Noticed within so many hours: in time. */
const IN_TIME = 7 * DAY

const CONFIG = Workbench.config({ interval: '1h', horizon: 24 })

/** What is done to a stream from a step on. */
export const INJECTIONS = {
  '30 % more': (values, t) => 1.3 * values[t]!,
  '30 % less': (values, t) => 0.7 * values[t]!,
  '20 % more': (values, t) => 1.2 * values[t]!,
  '20 % less': (values, t) => 0.8 * values[t]!,
  '6 h later': (values, t) => values[t - 6]!,
  '6 h earlier': (values, t) => values[Math.min(values.length - 1, t + 6)]!,
} as const satisfies Readonly<Record<string, (values: Float64Array, t: number) => number>>

/** What the detector is told of the steps of a stream. */
export interface Watched {
  /** Of the first one. */
  readonly index: number
  /** By step: error one step ahead and change since a long season before, in naive errors. */
  readonly errors: readonly number[]
  readonly changes: readonly number[]
}

export interface Disturbed extends Watched {
  readonly injection: string
}

export interface DriftStream {
  readonly name: string
  readonly undisturbed: Watched
  readonly disturbed: readonly Disturbed[]
}

/** Networks of the first months of the bundled sets, run over the rest: as it is, and from many places on disturbed. */
export async function driftStreams(): Promise<DriftStream[]> {
  const streams: DriftStream[] = []
  for (const [set, months] of STREAMS) {
    const name = `${set}, ${months} months`
    process.stderr.write(`drift: ${name}: training\n`)
    const { values, start } = await read(set)
    const known = Math.round((months * YEAR) / 12)
    const network = await trained(values.subarray(0, known), start)
    process.stderr.write(`drift: ${name}: streaming\n`)
    const kinds = Object.entries(INJECTIONS)
    const places: { at: number; injection: string; values: Float64Array }[] = []
    for (let day = known + FIRST; day + LOOKED < values.length; day += STRIDE) {
      // At another hour of the day each.
      const at = day + ((places.length * 7) % DAY)
      for (const [injection, change] of kinds) {
        const disturbed = values.slice(at - LEAD, at + LOOKED)
        for (let t = at; t < at + LOOKED; t++) disturbed[t - at + LEAD] = change(values, t)
        places.push({ at, injection, values: disturbed })
      }
    }
    const [undisturbed] = watch(network, [history(values, start)], known - WARM, known)
    const histories = places.map(({ at, values: disturbed }) => history(disturbed, start + at - LEAD))
    const watched = watch(network, histories, LEAD - WARM, LEAD)
    network.dispose()
    const disturbed = watched.map((one, i) => ({ ...one, injection: places[i]!.injection }))
    streams.push({ name, undisturbed: undisturbed!, disturbed })
  }
  return streams
}

/** A network of these values, with the default settings but for those given. */
export async function trained(
  values: Float64Array,
  start: number,
  training: Partial<PipelineConfig['training']> = {},
): Promise<Network> {
  const tf = await tensorflow()
  const { spec, weights } = await trainNetwork({
    tf,
    fused: true,
    histories: [history(values, start)],
    shape: CONFIG,
    model: CONFIG.model,
    training: { ...CONFIG.training, ...training },
    calibration: CONFIG.calibration,
    onProgress: () => undefined,
    signal: new AbortController().signal,
  })
  return new Network(tf, spec, weights, { fused: true })
}

/** Runs histories of the same length side by side; their steps from `from` on are told. */
function watch(network: Network, histories: readonly SeriesHistory[], warm: number, from: number): Watched[] {
  const layout = new StateLayout(CONFIG)
  const { long } = CONFIG.season
  const rows = histories.map(() => 1)
  const runner = new StreamRunner(layout, network, Int32Array.from(rows))
  const medians = new Float64Array(rows.length).fill(NaN)
  const told = histories.map(({ start }) => ({
    index: start + from,
    errors: [] as number[],
    changes: [] as number[],
  }))
  for (let t = 0; t < histories[0]!.values.length; t++) {
    histories.forEach(({ start, values, ts }, slot) => {
      runner.take(slot, start + t, ts[t]!, values[t]!)
      runner.learn(slot, start + t)
      if (t < from) return
      const naive = runner.arrivals.naiveError(slot)
      told[slot]!.errors.push((values[t]! - medians[slot]!) / naive)
      told[slot]!.changes.push((values[t]! - values[t - long]!) / naive)
    })
    if (t < warm) runner.skip()
    else runner.advance(t >= from - 1, (slot, _index, _ts, forecast) => (medians[slot] = forecast[1]!))
  }
  return told
}

export async function read(set: string): Promise<{ values: Float64Array; start: number }> {
  const file = await readFile(new URL(`../../demo/${set}.csv.gz`, import.meta.url))
  const rows = gunzipSync(file).toString().trim().split('\n').slice(1)
  const values = Float64Array.from(rows, (row) => Number(row.split(',')[2]))
  return { values, start: Date.parse(rows[0]!.split(',')[1]!) / HOUR }
}

export function history(values: Float64Array, start: number): SeriesHistory {
  return { series: 'a', start, values, ts: Float64Array.from(values, (_, i) => (start + i) * HOUR) }
}

/** How often drift is noticed that was injected, how soon, and how often it is where there is none. */
export async function benchDrift(): Promise<Figure[]> {
  return (await driftStreams()).flatMap(measure)
}

export function measure({ name, undisturbed, disturbed }: DriftStream): Figure[] {
  const years = undisturbed.errors.length / YEAR
  const figures: Figure[] = [
    {
      name: `drift, ${name}: false alarms a year`,
      value: alarms(undisturbed).length / years,
      unit: 'alarms',
    },
  ]
  for (const injection of Object.keys(INJECTIONS)) {
    const cases = disturbed.filter((one) => one.injection === injection)
    const delays = cases
      .map((one) => alarms(undisturbed, one)[0])
      .filter((delay): delay is number => delay !== undefined && delay <= IN_TIME)
      .sort((a, b) => a - b)
    figures.push(
      {
        name: `drift, ${name}: ${injection}, noticed within a week, of ${cases.length}`,
        value: delays.length,
        unit: 'streams',
      },
      {
        name: `drift, ${name}: ${injection}, median delay`,
        value: (delays[delays.length >> 1] ?? NaN) / DAY,
        unit: 'days',
      },
    )
  }
  return figures
}

/** Steps from the injection to each alarm after it; of the stream as it is, from its beginning. */
export function alarms(undisturbed: Watched, disturbed?: Watched): number[] {
  const detector = new DriftDetector(new StateLayout(CONFIG), CONFIG.training.drift)
  detector.begin(1)
  const raised: number[] = []
  const feed = ({ index, errors, changes }: Watched, from: number, steps: number): void => {
    for (let i = 0; i < steps; i++) {
      const ts = (index + i) * HOUR
      if (detector.add(index + i, ts, errors[i]!, changes[i]!) !== null) raised.push(index + i - from)
    }
  }
  const before = disturbed === undefined ? undisturbed.errors.length : disturbed.index - undisturbed.index
  feed(undisturbed, undisturbed.index, before)
  if (disturbed === undefined) return raised
  raised.length = 0
  feed(disturbed, disturbed.index, disturbed.errors.length)
  return raised
}
