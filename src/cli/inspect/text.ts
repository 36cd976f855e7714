import { byHorizon } from '../score-table.js'
import { table } from '../table.js'
import type { Forecast } from '../../core/forecast/format.js'
import type { Continuation } from '../../ports/control.js'
import type { Inspection, TopicInspection } from './inspect.js'

const UNITS: Readonly<Record<string, number>> = { D: 86_400_000, H: 3_600_000, M: 60_000, S: 1000 }

export function inspectionText(inspection: Inspection, series: string | undefined): string {
  const { pipeline, champion, cell, topics, forecast, accuracy } = inspection
  const model = champion === null || cell === null ? 'baseline (no champion)' : `${cell}@${champion}`
  const text = `pipeline  ${pipeline}\nmodel     ${model}\n\n${topicTable(topics)}`
  if (series === undefined) return text
  const scores = accuracy === null ? '' : byHorizon(accuracy)
  if (forecast !== null) return `${text}\n${forecastText(forecast)}${scores}`
  return `${text}\nNo forecast of series "${series}" among the newest of the output topic.\n`
}

/** Quoted, as a symbol may hold blanks. */
export function continuationText(continuation: Continuation): string {
  const { series, origin, model, temperature, seed, symbols } = continuation
  const head = `series ${series}, origin ${origin}, model ${model}, temperature ${temperature}, seed ${seed}\n`
  return `${head}${symbols.map((symbol) => JSON.stringify(symbol)).join(' ')}\n`
}

function topicTable(topics: readonly TopicInspection[]): string {
  const rows = topics.flatMap(({ name, role, partitions }) =>
    partitions === null
      ? [[name, role, '-', 'not created yet']]
      : partitions.map(({ earliest, end, committed }, partition) => [
          name,
          role,
          String(partition),
          String(earliest),
          String(end),
          ...(committed === undefined
            ? []
            : [String(committed ?? '-'), String(end - (committed ?? earliest))]),
        ]),
  )
  return table(['TOPIC', 'ROLE', 'PARTITION', 'EARLIEST', 'END', 'COMMITTED', 'LAG'], rows, 2)
}

function forecastText({ series, origin, interval, model, quantiles, symbols }: Forecast): string {
  const head = `series ${series}, origin ${origin}, model ${model}\n`
  if (symbols !== undefined) {
    const named = symbols.map(({ symbol, probability }) => [JSON.stringify(symbol), probability.toFixed(4)])
    return `${head}${table(['NEXT', 'PROBABILITY'], named, 1)}`
  }
  const levels = Object.keys(quantiles).sort((a, b) => Number(a) - Number(b))
  const shown = [...new Set([levels[0], levels[Math.floor(levels.length / 2)], levels.at(-1)])].flatMap(
    (level) => (level === undefined ? [] : [level]),
  )
  const steps = quantiles[shown[0] ?? '']?.length ?? 0
  const rows = Array.from({ length: steps }, (_, h) => [
    String(h + 1),
    targetTime(origin, interval, h + 1),
    ...shown.map((level) => String(quantiles[level]?.[h])),
  ])
  return `${head}${table(['STEP', 'TARGET', ...shown.map((q) => `q${q}`)], rows, 2)}`
}

/** Trading days do not keep to a clock: their targets have a number, but no time. */
function targetTime(origin: string, interval: string, step: number): string {
  const parts = /^PT?([\d.]+)([DHMS])$/.exec(interval)
  if (parts === null) return `observation +${step}`
  const ms = Number(parts[1]) * UNITS[parts[2]!]!
  return new Date(Date.parse(origin) + step * ms).toISOString().replace('.000Z', 'Z')
}
