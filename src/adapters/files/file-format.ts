/** A row of a data file: well-formed, but not yet judged. What its value means is the pipeline's to say. */
export interface FileRow<V extends number | string = number | string> {
  readonly series: string
  /** ISO 8601, or milliseconds since the epoch. */
  readonly ts: string | number
  /** null = known to be missing. */
  readonly value: V | null
  /** By name; null = missing. Absent: none were asked for. */
  readonly covariates?: Readonly<Record<string, number | null>>
}

/** A row of a file of numbers. */
export type FileObservation = FileRow<number>

/** How the values of a file are read; `undefined` of what does not fit, null of what is known to be missing. */
export interface ValueReader<V extends number | string> {
  /** Of a cell of a CSV file. */
  cell(text: string): V | null | undefined
  /** Of a field of an NDJSON file. */
  field(value: unknown): V | null | undefined
  /** In words. */
  readonly expected: string
}

export const NUMBERS: ValueReader<number> = {
  cell(text) {
    if (text === '') return null
    const value = Number(text)
    if (Number.isFinite(value)) return value
    return /^(nan|null|na)$/i.test(text) ? null : undefined
  },
  field: (value) => (value === null || Number.isFinite(value) ? (value as number | null) : undefined),
  expected: 'a number',
}

/** Of a pipeline of symbols: only what is empty is missing, since any word may be one. */
export const SYMBOLS: ValueReader<string> = {
  cell: (text) => (text === '' ? null : text),
  field: (value) => (value === null || (typeof value === 'string' && value !== '') ? value : undefined),
  expected: 'a text that is not empty',
}

export interface FileColumns {
  /** Column or field names. */
  readonly series: string
  readonly ts: string
  readonly value: string
  /** The file has no series column: all its rows are of the series of this name. */
  readonly only?: string
  /** Names of further columns with numbers; in NDJSON, fields of the object `covariates`. */
  readonly covariates?: readonly string[]
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

  static badValue(line: number, text: string, expected: string): FileFormatError {
    return FileFormatError.at(line, `"${text.slice(0, 40)}" is not ${expected}`)
  }
}

/** Rows are handed out in chunks of so many: a promise per row would cost more than reading it. */
export const ROWS_PER_CHUNK = 10_000
