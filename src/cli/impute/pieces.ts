import type { FileObservation } from '../../adapters/files/observations.js'
import type { SeriesHistory } from '../../core/history.js'
import { parseTimestamp } from '../../core/timestamp.js'

/** A gap longer than this many steps parts a series in two: nothing is learnt across it. */
const LONGEST_GAP = 10_000
/** Neighbours that are mostly further apart than this many steps were not taken at this interval. */
const FAR_APART = 10
/** On all grids together; about 50 bytes each. */
const MOST_STEPS = 20_000_000
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
 * An interval that most rows contradict is refused.
 * @param interval ms; 0 takes each series' own rows as its grid
 */
export function seriesOf(rows: readonly FileObservation[], interval: number): FileSeries[] {
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
  const placedRows = [...bySeries.values()].reduce((sum, grid) => sum + grid.size, 0)
  if (2 * placedRows < rows.length) {
    const shared = rows.length - placedRows
    throw new Error(
      `${shared} of ${rows.length} rows share their interval with another: is --interval right?`,
    )
  }
  let steps = 0
  return [...bySeries].map(([name, grid]) => {
    const placed = [...grid].sort(([a], [b]) => a - b)
    const indexed = placed.map(([index, row], i) => ({ index: interval === 0 ? i : index, row }))
    steps += checkGrid(name, indexed)
    if (steps > MOST_STEPS) {
      throw new Error(`the grid of all series has more than ${MOST_STEPS} steps: is --interval right?`)
    }
    return { name, rows: indexed.map(({ row }) => row), pieces: piecesOf(name, indexed, interval) }
  })
}

interface Placed {
  readonly index: number
  readonly row: FileRow
}

/** Throws where the rows keep to a coarser grid. Result: steps of the series' pieces. */
function checkGrid(series: string, rows: readonly Placed[]): number {
  const distances = rows.slice(1).map(({ index }, i) => index - rows[i]!.index)
  const typical = distances.toSorted((a, b) => a - b)[distances.length >> 1] ?? 1
  if (typical > FAR_APART) {
    throw new Error(
      `the rows of ${series} are mostly ${typical} steps of the grid apart: is --interval right?`,
    )
  }
  return distances.reduce((sum, distance) => sum + (distance <= LONGEST_GAP ? distance : 1), 1)
}

function piecesOf(series: string, rows: readonly Placed[], interval: number): Piece[] {
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
