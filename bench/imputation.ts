import { readObservations } from '../src/adapters/files/observations.js'
import type { PipelineConfig } from '../src/config/types.js'
import { trainingSchema } from '../src/config/training-schema.js'
import type { SettingsOf } from '../src/config/setting.js'
import { parseTimestamp } from '../src/core/timestamp.js'
import type { SeriesHistory } from '../src/core/history.js'
import { Random } from '../src/model/random.js'
import { trainNetwork } from '../src/training/train.js'
import type { Figure } from './figure.js'
import { tensorflow } from './tensorflow.js'

type TrainingConfig = PipelineConfig['training']

const FILES = ['test/data/flights', 'demo/electricity', 'demo/traffic']
const SEEDS = [1, 2]
/** Of the first series of each file. */
const STEPS = 4000
const HOUR = 3_600_000
/** Share of the values that is cut out, in gaps of 1 to 24 hours. */
const MISSING = 0.25
const LONGEST = 24
const SHAPE = {
  interval: HOUR,
  season: { short: 24, long: 168 },
  horizon: 24,
  quantiles: [0.1, 0.5, 0.9],
}
const MODEL = { cell: 'gru', activation: 'tanh', layers: 1, hidden: 64 } as const

/** The forecaster's loss on later data, all of it full of gaps, with and without imputation in its training. */
export async function benchImputation(): Promise<Figure[]> {
  const tf = await tensorflow()
  const figures: Figure[] = []
  for (const seed of SEEDS) {
    for (const file of FILES) {
      const histories = await gapped(file, new Random(seed + 100))
      for (const imputation of ['none', 'bidirectional'] as const) {
        const training = { ...defaults(), imputation, seed, holdout: 0.2 }
        const { scores } = await trainNetwork({
          ...{ tf, fused: true, histories, shape: SHAPE, model: MODEL, training },
          onProgress: () => undefined,
          signal: new AbortController().signal,
        })
        const name = `${file} with ${100 * MISSING} % missing, seed ${seed}, training.imputation ${imputation}`
        figures.push({ name, value: scores.network.wql, unit: 'weighted quantile loss' })
      }
    }
  }
  return figures
}

function defaults(): TrainingConfig {
  const settings: SettingsOf<TrainingConfig> = trainingSchema
  return Object.fromEntries(
    Object.entries(settings).map(([key, setting]) => [key, (setting as { default: unknown }).default]),
  ) as unknown as TrainingConfig
}

async function gapped(file: string, random: Random): Promise<SeriesHistory[]> {
  const path = new URL(`../../${file}.csv.gz`, import.meta.url).pathname
  const bySeries = new Map<string, Map<number, number>>()
  for await (const rows of readObservations(path)) {
    for (const { series, ts, value } of rows) {
      const values = bySeries.get(series) ?? new Map<number, number>()
      bySeries.set(series, values)
      values.set(Math.floor((typeof ts === 'number' ? ts : parseTimestamp(ts)) / HOUR), value ?? NaN)
    }
  }
  return [...bySeries].slice(0, 1).map(([series, seen]) => {
    const start = Math.min(...seen.keys())
    const values = Float64Array.from({ length: STEPS }, (_, i) => seen.get(start + i) ?? NaN)
    cut(values, random)
    return { series, start, values, ts: values.map((_, i) => (start + i) * HOUR) }
  })
}

/** Gaps of uniform length at exponential distances, so that the share of missing values is as wanted. */
function cut(values: Float64Array, random: Random): void {
  const apart = ((LONGEST / 2 + 0.5) / MISSING) * (1 - MISSING)
  for (let at = 2 * LONGEST; at < values.length;) {
    const length = 1 + random.integer(LONGEST)
    at += Math.ceil(-apart * Math.log(1 - random.uniform()))
    values.fill(NaN, at, at + length)
    at += length
  }
}
