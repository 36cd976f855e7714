/** A row of a data file: well-formed, but not yet judged. What its value means is the pipeline's to say. */
export interface FileObservation {
  readonly series: string
  /** ISO 8601, or milliseconds since the epoch. */
  readonly ts: string | number
  /** null = known to be missing. */
  readonly value: number | null
}

export interface FileColumns {
  /** Column or field names. */
  readonly series: string
  readonly ts: string
  readonly value: string
  /** The file has no series column: all its rows are of the series of this name. */
  readonly only?: string
}

export const DEFAULT_COLUMNS: FileColumns = { series: 'series', ts: 'ts', value: 'value' }

/** Something in a data file cannot be read; the message names the line. */
export class FileFormatError extends Error {
  override readonly name = 'FileFormatError'

  static at(line: number, problem: string): FileFormatError {
    return new FileFormatError(`line ${line}: ${problem}`)
  }

  static badTimestamp(line: number, text: string): FileFormatError {
    const shown = text.slice(0, 40)
    return FileFormatError.at(line, `"${shown}" is neither an ISO 8601 time stamp nor milliseconds`)
  }
}

/** Rows are handed out in chunks of so many: a promise per row would cost more than reading it. */
export const ROWS_PER_CHUNK = 10_000
