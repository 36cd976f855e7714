import type { EmbeddedBroker } from '../../adapters/embedded/embedded-broker.js'
import type { FileObservation, FileRow } from '../../adapters/files/observations.js'
import type { PipelineConfig } from '../../config/types.js'
import { parseTimestamp } from '../../core/timestamp.js'

const APPEND = 5000

/** ms; NaN for what is no time. */
export function timeOf({ ts }: FileRow): number {
  return typeof ts === 'number' ? ts : parseTimestamp(ts)
}

/** Rows with the place of their text among all texts as their value; numbers stay as they are. */
export function numbered(rows: readonly FileRow[]): {
  readonly rows: readonly FileObservation[]
  readonly symbols: readonly string[]
} {
  const places = new Map<string, number>()
  const place = (text: string): number => {
    const at = places.get(text) ?? places.size
    places.set(text, at)
    return at
  }
  const mapped = rows.map(({ series, ts, value }) => ({
    series,
    ts,
    value: typeof value === 'string' ? place(value) : value,
  }))
  return { rows: mapped, symbols: [...places.keys()] }
}

/** The file's rows go through the log as `append` writes them, and forecasts as they are scored, whatever the pipeline's own topics hold. */
export function asAppended(pipeline: PipelineConfig): PipelineConfig {
  const fields = { series: '', ts: 'ts', value: 'value', covariates: 'covariates' }
  const publish = { ...pipeline.publish, format: 'wide' } as const
  // All of them are named, so that what came has its own probability.
  const symbols = { ...pipeline.symbols, top: pipeline.symbols.maxVocabulary }
  const encoding = { input: 'json', output: 'json' } as const
  // However long the file is, none of its steps may be missing.
  const futureCovariates = { ...pipeline.futureCovariates, maxValues: Number.MAX_SAFE_INTEGER }
  return { ...pipeline, fields, encoding, publish, symbols, futureCovariates }
}

export async function append(broker: EmbeddedBroker, topic: string, rows: readonly FileRow[]): Promise<void> {
  await broker.ensureTopics([{ name: topic, partitions: 1 }])
  for (let from = 0; from < rows.length; from += APPEND) {
    const records = rows.slice(from, from + APPEND).map((row) => {
      const ts = timeOf(row)
      return {
        topic,
        partition: 0,
        // The record arrives when it is observed, whenever the backtest runs.
        ...(ts === ts ? { timestamp: ts } : {}),
        key: Buffer.from(row.series),
        value: Buffer.from(JSON.stringify({ ts: row.ts, value: row.value, covariates: row.covariates })),
      }
    })
    await broker.append(records)
  }
}

/** What the file has of covariates that are known ahead is foretold as it came: no forecast of them could be better. */
export async function foretell(
  broker: EmbeddedBroker,
  { futureCovariates }: PipelineConfig,
  rows: readonly FileRow[],
): Promise<void> {
  const { topic } = futureCovariates
  if (topic === null) return
  await broker.ensureTopics([{ name: topic, partitions: 1 }])
  for (let from = 0; from < rows.length; from += APPEND) {
    const records = rows.slice(from, from + APPEND).map(({ series, ts, covariates }) => ({
      topic,
      partition: 0,
      key: Buffer.from(series),
      value: Buffer.from(JSON.stringify({ ts, covariates })),
    }))
    await broker.append(records)
  }
}
