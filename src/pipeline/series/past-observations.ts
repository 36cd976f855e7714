import type { PipelineConfig } from '../../config/types.js'
import { Decoder } from '../../core/decode.js'
import type { SchemaLookup } from '../../core/value-format.js'
import { Vocabulary } from '../../core/vocabulary.js'
import type { Broker } from '../../ports/broker.js'
import type { Observed, SeriesHistory, TimeRange } from '../../ports/control/series.js'
import { readBack } from './read-back.js'

/**
 * Observations of a series as its input topic has them, before any grid: the newest `limit` within the range. Of several
 * with one time stamp the first counts, as the pipeline takes it.
 */
export async function pastObservations(
  broker: Pick<Broker, 'describe' | 'read'>,
  config: PipelineConfig,
  lookup: SchemaLookup | null,
  series: string,
  { from, to, limit }: TimeRange,
): Promise<SeriesHistory> {
  const key = Buffer.from(series)
  const byKey = config.fields.series === ''
  const vocabulary = config.kind === 'symbols' ? new Vocabulary(config.symbols.maxVocabulary) : null
  const decoder = new Decoder(config, lookup, vocabulary)
  const found = new Map<number, { readonly value: Observed; readonly offset: number }>()
  let oldest = Infinity
  const beginning = await readBack(broker, config.topic, {
    overlap: 0,
    take: async (all) => {
      const own = byKey ? all.filter((record) => record.key !== null && key.equals(record.key)) : all
      await decoder.prepare(own)
      for (const record of own) {
        if (decoder.decode(record.key, record.value, record.timestamp) !== null) continue
        const { ts, value } = decoder.out
        if (decoder.out.series !== series) continue
        oldest = Math.min(oldest, ts)
        const earlier = record.offset < (found.get(ts)?.offset ?? Infinity)
        if (!earlier || ts < from || ts > to) continue
        found.set(ts, { value: observed(value, vocabulary), offset: record.offset })
      }
    },
    enough: () => found.size >= limit || oldest < from,
  })
  const sorted = [...found].sort(([a], [b]) => a - b).map(([ts, { value }]) => [ts, value] as const)
  return {
    observations: sorted.slice(-limit),
    complete: sorted.length <= limit && (beginning || oldest < from),
  }
}

function observed(value: number, vocabulary: Vocabulary | null): Observed {
  if (value !== value) return null
  return vocabulary === null ? value : (vocabulary.name(value) ?? null)
}
