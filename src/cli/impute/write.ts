import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'

/** A row of the result: one of the input's, or one that was filled. */
export interface FilledRow {
  readonly series: string
  readonly ts: string | number
  /** null = still missing */
  readonly value: number | null
  /** null where the value was there. */
  readonly lower: number | null
  readonly upper: number | null
  readonly imputed: boolean
}

/** Lines are handed on in blocks of so many. */
const BLOCK = 5000

/** Writes rows to a file, as NDJSON or gzipped where its name says so, else as CSV. */
export async function writeRowsTo(path: string, rows: readonly FilledRow[]): Promise<void> {
  const lines = Readable.from(blocks(rows, isNdjson(path)))
  const file = createWriteStream(path)
  await (path.endsWith('.gz') ? pipeline(lines, createGzip(), file) : pipeline(lines, file))
}

export async function writeRows(
  out: NodeJS.WritableStream,
  rows: readonly FilledRow[],
  ndjson: boolean,
): Promise<void> {
  await pipeline(Readable.from(blocks(rows, ndjson)), out, { end: false })
}

/** By the same rule as files are read by. */
export function isNdjson(path: string): boolean {
  return /\.(ndjson|jsonl|json)(\.gz)?$/.test(path)
}

function* blocks(rows: readonly FilledRow[], ndjson: boolean): Generator<string> {
  if (!ndjson) yield 'series,ts,value,lower,upper,imputed\n'
  const line = ndjson ? (row: FilledRow) => `${JSON.stringify(row)}\n` : csvLine
  for (let at = 0; at < rows.length; at += BLOCK) {
    yield rows
      .slice(at, at + BLOCK)
      .map(line)
      .join('')
  }
}

function csvLine({ series, ts, value, lower, upper, imputed }: FilledRow): string {
  return `${cell(series)},${cell(String(ts))},${value ?? ''},${lower ?? ''},${upper ?? ''},${imputed ? 1 : 0}\n`
}

function cell(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
