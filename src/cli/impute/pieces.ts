import type { FileObservation } from '../../adapters/files/observations.js'
import type { SeriesHistory } from '../../core/history.js'
import { parseTimestamp } from '../../core/timestamp.js'

/** A gap longer than this many steps parts a series in two: nothing is learnt across it. */
const LONGEST_GAP = 10_000
/** Beyond it, spreads and differences of values would leave what single precision holds. */
const LARGEST_VALUE = 1e30

/** An input row that has its place on the grid. */
export interface FileRow {
  readonly series: string
  /** ms */
  readonly ts: number
  /** As it stands in the file. */
  readonly text: string | number
  /** NaN = missing */
  readonly value: number
}

/** An unbroken stretch of a series' grid, from a known value to a known value. */
export interface Piece extends SeriesHistory {
  /** The input's row of each step, if it has one. */
  readonly rows: readonly (FileRow | undefined)[]
}

export interface FileSeries {
  readonly name: string
  /** Rows with a place on the grid, by time; of several in one interval the first. */
  readonly rows: readonly FileRow[]
  readonly pieces: readonly Piece[]
}

/**
 * The rows of a file by series, on their grids, as the stream puts them there: step i holds the time stamps from
 * i · interval on, and of two readings the first counts. Rows need not be in order.
 * @param interval ms; 0 takes each series' own rows as its grid
 */
export function seriesOf(rows: Iterable<FileObservation>, interval: number): FileSeries[] {
  const bySeries = new Map<string, Map<number, FileRow>>()
  for (const { series, ts: text, value } of rows) {
    const ts = typeof text === 'number' ? text : parseTimestamp(text)
    if (value !== null && Math.abs(value) > LARGEST_VALUE) {
      throw new Error(
        `series ${series} at ${String(text)}: ${value} is out of range, expected at most ±${LARGEST_VALUE}`,
      )
    }
    const grid = bySeries.get(series) ?? new Map<number, FileRow>()
    bySeries.set(series, grid)
    const index = interval === 0 ? ts : Math.floor(ts / interval)
    if (!grid.has(index)) grid.set(index, { series, ts, text, value: value ?? NaN })
  }
  return [...bySeries].map(([name, grid]) => {
    const placed = [...grid].sort(([a], [b]) => a - b)
    const indexed = placed.map(([index, row], i) => ({ index: interval === 0 ? i : index, row }))
    return { name, rows: indexed.map(({ row }) => row), pieces: piecesOf(name, indexed, interval) }
  })
}

function piecesOf(
  series: string,
  rows: readonly { readonly index: number; readonly row: FileRow }[],
  interval: number,
): Piece[] {
  const known = rows.filter(({ row }) => row.value === row.value)
  const pieces: Piece[] = []
  for (let first = 0, i = 0; i < known.length; i++) {
    const next = known[i + 1]
    if (next !== undefined && next.index - known[i]!.index <= LONGEST_GAP) continue
    const [start, end] = [known[first]!.index, known[i]!.index + 1]
    const own: (FileRow | undefined)[] = Array.from({ length: end - start })
    for (const { index, row } of rows) if (index >= start && index < end) own[index - start] = row
    const values = Float64Array.from(own, (row) => row?.value ?? NaN)
    const ts = Float64Array.from(own, (row, at) => row?.ts ?? (start + at) * interval)
    pieces.push({ series, start, values, ts, rows: own })
    first = i + 1
  }
  return pieces
}
