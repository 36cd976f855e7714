import { CsvError, parse } from 'csv-parse'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { parseTimestamp } from '../../core/timestamp.js'
import { FileFormatError, NUMBERS, ROWS_PER_CHUNK } from './file-format.js'
import type { FileColumns, FileRow, ValueReader } from './file-format.js'

/** The rows of a CSV file, whose first line names its columns. */
export async function* csvChunks<V extends number | string>(
  file: Readable,
  gzipped: boolean,
  columns: FileColumns,
  values: ValueReader<V>,
): AsyncGenerator<FileRow<V>[]> {
  // Blank lines and the number of cells are looked at here: csv-parse knows line numbers only at a third of the speed.
  const parser = parse({ bom: true, trim: true, relax_column_count: true })
  // The reader of the parser's rows gets the error.
  if (gzipped) pipeline(file, createGunzip(), parser, () => undefined)
  else pipeline(file, parser, () => undefined)
  let header: Header | undefined
  let chunk: FileRow<V>[] = []
  let line = 0
  try {
    for await (const cells of parser as AsyncIterable<string[]>) {
      line++
      if (cells.length === 1 && cells[0] === '') continue
      if (header === undefined) header = headerOf(cells, columns, line)
      else chunk.push(rowOf(cells, header, values, line))
      for (const cell of cells) if (cell.includes('\n')) line += cell.split('\n').length - 1
      if (chunk.length < ROWS_PER_CHUNK) continue
      yield chunk
      chunk = []
    }
  } catch (error) {
    // Its message ends with the line.
    if (error instanceof CsvError) throw new FileFormatError(error.message, { cause: error })
    throw error
  }
  if (header === undefined) throw new FileFormatError('the file is empty: expected a header line')
  if (chunk.length > 0) yield chunk
}

interface Header {
  readonly cells: number
  /** Columns, from 0. */
  readonly series: number | null
  readonly ts: number
  readonly value: number
  readonly only: string
  /** Columns by name. */
  readonly covariates: readonly (readonly [string, number])[] | null
}

function headerOf(cells: readonly string[], columns: FileColumns, line: number): Header {
  const { only } = columns
  const missing: string[] = []
  const find = (name: string): number => {
    const at = cells.indexOf(name)
    if (at < 0) missing.push(`"${name}"`)
    return at
  }
  if (only !== undefined && cells.includes(columns.series)) {
    throw FileFormatError.at(
      line,
      `there is a column "${columns.series}", so the rows are not all of "${only}"`,
    )
  }
  const series = only === undefined ? find(columns.series) : null
  const header = {
    cells: cells.length,
    series,
    ts: find(columns.ts),
    value: find(columns.value),
    only: only ?? '',
    covariates: columns.covariates?.map((name) => [name, find(name)] as const) ?? null,
  }
  if (missing.length === 0) return header
  throw FileFormatError.at(line, `no column ${missing.join(', ')} among ${cells.join(', ')}`)
}

function rowOf<V extends number | string>(
  cells: readonly string[],
  header: Header,
  values: ValueReader<V>,
  line: number,
): FileRow<V> {
  if (cells.length !== header.cells) {
    throw FileFormatError.at(line, `${cells.length} cells, where the header has ${header.cells}`)
  }
  const series = header.series === null ? header.only : cells[header.series]!
  if (series === '') throw FileFormatError.at(line, 'no name of a series')
  const cell = cells[header.value]!
  const value = values.cell(cell)
  if (value === undefined) throw FileFormatError.badValue(line, cell, values.expected)
  const row = { series, ts: tsOf(cells[header.ts]!, line), value }
  if (header.covariates === null) return row
  return { ...row, covariates: covariatesOf(cells, header.covariates, line) }
}

function covariatesOf(
  cells: readonly string[],
  columns: readonly (readonly [string, number])[],
  line: number,
): Readonly<Record<string, number | null>> {
  return Object.fromEntries(
    columns.map(([name, at]) => {
      const number = NUMBERS.cell(cells[at]!)
      if (number === undefined) throw FileFormatError.badValue(line, cells[at]!, NUMBERS.expected)
      return [name, number]
    }),
  )
}

function tsOf(cell: string, line: number): string | number {
  if (/^-?\d+(\.\d+)?$/.test(cell)) return Number(cell)
  if (Number.isNaN(parseTimestamp(cell))) throw FileFormatError.badTimestamp(line, cell)
  return cell
}
