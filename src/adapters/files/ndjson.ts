import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { parseTimestamp } from '../../core/timestamp.js'
import { FileFormatError, NUMBERS, ROWS_PER_CHUNK } from './file-format.js'
import type { FileColumns, FileRow, ValueReader } from './file-format.js'

/** The rows of a file with one JSON object per line. */
export async function* ndjsonChunks<V extends number | string>(
  file: Readable,
  gzipped: boolean,
  columns: FileColumns,
  values: ValueReader<V>,
): AsyncGenerator<FileRow<V>[]> {
  let chunk: FileRow<V>[] = []
  let number = 0
  for await (const lines of linesOf(gzipped ? pipeline(file, createGunzip(), () => undefined) : file)) {
    for (const line of lines) {
      number++
      if (line.trim() === '') continue
      chunk.push(rowOf(line, columns, values, number))
      if (chunk.length < ROWS_PER_CHUNK) continue
      yield chunk
      chunk = []
    }
  }
  if (chunk.length > 0) yield chunk
}

/** Not `node:readline`: that takes a stream that failed, such as a cut-off gzip file, for one that ended. */
async function* linesOf(bytes: Readable): AsyncGenerator<string[]> {
  let rest = ''
  bytes.setEncoding('utf8')
  for await (const text of bytes as AsyncIterable<string>) {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    yield lines
  }
  yield [rest]
}

function rowOf<V extends number | string>(
  line: string,
  columns: FileColumns,
  values: ValueReader<V>,
  number: number,
): FileRow<V> {
  const fields = parseObject(line, number)
  const ts = fields[columns.ts]
  const value = values.field(fields[columns.value] ?? null)
  const series = seriesOf(fields, columns, number)
  if (typeof ts !== 'string' && typeof ts !== 'number') throw FileFormatError.at(number, `no "${columns.ts}"`)
  if (typeof ts === 'string' && Number.isNaN(parseTimestamp(ts)))
    throw FileFormatError.badTimestamp(number, ts)
  if (value === undefined) throw FileFormatError.badValue(number, columns.value, values.expected)
  if (columns.covariates === undefined) return { series, ts, value }
  return { series, ts, value, covariates: covariatesOf(fields['covariates'], columns.covariates, number) }
}

function covariatesOf(
  given: unknown,
  names: readonly string[],
  line: number,
): Readonly<Record<string, number | null>> {
  const fields = (typeof given === 'object' && given !== null ? given : {}) as Readonly<
    Record<string, unknown>
  >
  return Object.fromEntries(
    names.map((name) => {
      const number = NUMBERS.field(fields[name] ?? null)
      if (number === undefined) throw FileFormatError.badValue(line, `covariates.${name}`, NUMBERS.expected)
      return [name, number]
    }),
  )
}

function parseObject(line: string, number: number): Readonly<Record<string, unknown>> {
  let row: unknown
  try {
    row = JSON.parse(number === 1 ? line.replace(/^\uFEFF/, '') : line)
  } catch {
    throw FileFormatError.at(number, 'not JSON')
  }
  if (typeof row === 'object' && row !== null) return row as Record<string, unknown>
  throw FileFormatError.at(number, 'not an object')
}

function seriesOf(fields: Readonly<Record<string, unknown>>, columns: FileColumns, number: number): string {
  const { only } = columns
  const named = fields[columns.series]
  if (only !== undefined) {
    if (named === undefined) return only
    throw FileFormatError.at(number, `there is a "${columns.series}", so the rows are not all of "${only}"`)
  }
  if (typeof named === 'number') return String(named)
  if (typeof named !== 'string' || named === '') throw FileFormatError.at(number, `no "${columns.series}"`)
  // Half of a surrogate pair has no UTF-8 form: different ids would become the same bytes in the log.
  if (/\p{Surrogate}/u.test(named))
    throw FileFormatError.at(number, `"${columns.series}" is not valid Unicode`)
  return named
}
