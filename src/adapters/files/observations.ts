import { createReadStream } from 'node:fs'
import { csvChunks } from './csv.js'
import { DEFAULT_COLUMNS, FileFormatError, NUMBERS, SYMBOLS } from './file-format.js'
import type { FileColumns, FileObservation, FileRow, ValueReader } from './file-format.js'
import { ndjsonChunks } from './ndjson.js'

export { DEFAULT_COLUMNS, FileFormatError, NUMBERS, SYMBOLS }
export type { FileColumns, FileObservation, FileRow, ValueReader }

/** Reads a file of numbers; see `readRows`. */
export function readObservations(
  path: string,
  columns?: FileColumns,
): AsyncGenerator<FileObservation[], void> {
  return readRows(path, NUMBERS, columns)
}

/**
 * Reads a CSV (with a header) or NDJSON file, gzipped where its name ends in .gz, in chunks of rows.
 * @param onBytes told before every chunk how much of the file, as it lies on the disk, has been read
 */
export async function* readRows<V extends number | string>(
  path: string,
  values: ValueReader<V>,
  columns: FileColumns = DEFAULT_COLUMNS,
  onBytes: (bytes: number) => void = () => undefined,
): AsyncGenerator<FileRow<V>[], void> {
  const file = createReadStream(path)
  const gzipped = path.endsWith('.gz')
  const isNdjson = /\.(ndjson|jsonl|json)$/.test(path.replace(/\.gz$/, ''))
  try {
    const chunks = isNdjson
      ? ndjsonChunks(file, gzipped, columns, values)
      : csvChunks(file, gzipped, columns, values)
    for await (const chunk of chunks) {
      onBytes(file.bytesRead)
      yield chunk
    }
  } catch (error) {
    if (!isZlibError(error)) throw error
    const problem = `${path} is cut off, or is not gzip as its name says (${error.message})`
    throw new FileFormatError(problem, { cause: error })
  } finally {
    file.destroy()
  }
}

function isZlibError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')
}
