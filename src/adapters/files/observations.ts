import { parse } from 'csv-parse'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** A row of a data file, not yet judged: the pipeline's decoder does that. */
export interface FileObservation {
  readonly series: string
  readonly ts: string | number
  /** null = known to be missing. */
  readonly value: number | null
}

export interface FileColumns {
  /** Column or field names; without a series column all rows are of one series, named by `only`. */
  readonly series: string
  readonly ts: string
  readonly value: string
  readonly only?: string
}

export const DEFAULT_COLUMNS: FileColumns = { series: 'series', ts: 'ts', value: 'value' }

/** Something in a data file cannot be read; the message names the line. */
export class FileFormatError extends Error {
  override readonly name = 'FileFormatError'
}

const ROWS_PER_CHUNK = 5000

/**
 * Reads a CSV (with a header) or NDJSON file, gzipped where its name ends in .gz, in chunks of rows.
 * @param onBytes told how much of the file, as it lies on the disk, has been read
 */
export async function* readObservations(
  path: string,
  columns: FileColumns = DEFAULT_COLUMNS,
  onBytes: (bytes: number) => void = () => undefined,
): AsyncGenerator<FileObservation[]> {
  const file = createReadStream(path)
  file.on('data', () => {
    onBytes(file.bytesRead)
  })
  const text: Readable = path.endsWith('.gz') ? pipeline(file, createGunzip(), () => undefined) : file
  const plain = path.replace(/\.gz$/, '')
  const rows = /\.(ndjson|jsonl|json)$/.test(plain) ? ndjsonRows(text, columns) : csvRows(text, columns)
  let chunk: FileObservation[] = []
  for await (const row of rows) {
    chunk.push(row)
    if (chunk.length < ROWS_PER_CHUNK) continue
    yield chunk
    chunk = []
  }
  if (chunk.length > 0) yield chunk
}

async function* csvRows(text: Readable, columns: FileColumns): AsyncGenerator<FileObservation> {
  const parser = text.pipe(parse({ bom: true, trim: true, skip_empty_lines: true }))
  text.once('error', (error) => parser.destroy(error))
  let at: { series: number; ts: number; value: number } | undefined
  let line = 0
  for await (const cells of parser as AsyncIterable<string[]>) {
    line++
    if (at === undefined) {
      at = header(cells, columns)
      continue
    }
    const series = at.series < 0 ? (columns.only ?? '') : (cells[at.series] ?? '')
    const ts = cells[at.ts] ?? ''
    yield { series, ts: /^-?\d+$/.test(ts) ? Number(ts) : ts, value: number(cells[at.value] ?? '', line) }
  }
  if (at === undefined) throw new FileFormatError('the file is empty: expected a header line')
}

function header(
  cells: readonly string[],
  columns: FileColumns,
): { series: number; ts: number; value: number } {
  const find = (name: string): number => cells.indexOf(name)
  const at = { series: find(columns.series), ts: find(columns.ts), value: find(columns.value) }
  const missing = [
    ...(at.series < 0 && columns.only === undefined ? [columns.series] : []),
    ...(at.ts < 0 ? [columns.ts] : []),
    ...(at.value < 0 ? [columns.value] : []),
  ]
  if (missing.length === 0) return at
  throw new FileFormatError(
    `line 1: no column ${missing.map((m) => `"${m}"`).join(', ')} among ${cells.join(', ')}`,
  )
}

function number(cell: string, line: number): number | null {
  if (cell === '' || /^(nan|null|na)$/i.test(cell)) return null
  const value = Number(cell)
  if (Number.isFinite(value)) return value
  throw new FileFormatError(`line ${String(line)}: "${cell.slice(0, 40)}" is not a number`)
}

async function* ndjsonRows(text: Readable, columns: FileColumns): AsyncGenerator<FileObservation> {
  let line = 0
  for await (const json of createInterface({ input: text, crlfDelay: Infinity })) {
    line++
    if (json.trim() === '') continue
    let row: unknown
    try {
      row = JSON.parse(json)
    } catch {
      throw new FileFormatError(`line ${String(line)}: not JSON`)
    }
    if (typeof row !== 'object' || row === null)
      throw new FileFormatError(`line ${String(line)}: not an object`)
    const fields = row as Record<string, unknown>
    const series = fields[columns.series] ?? columns.only
    const ts = fields[columns.ts]
    const value = fields[columns.value] ?? null
    if (typeof series !== 'string' && typeof series !== 'number') {
      throw new FileFormatError(`line ${String(line)}: no "${columns.series}"`)
    }
    if (typeof ts !== 'string' && typeof ts !== 'number') {
      throw new FileFormatError(`line ${String(line)}: no "${columns.ts}"`)
    }
    if (value !== null && typeof value !== 'number') {
      throw new FileFormatError(`line ${String(line)}: "${columns.value}" is not a number`)
    }
    yield { series: String(series), ts, value }
  }
}
