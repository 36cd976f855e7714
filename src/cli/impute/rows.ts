import type { FileSeries } from './pieces.js'
import type { Fill } from './protocol.js'
import type { FilledRow } from './write.js'

/** Digits of a filled value. */
const DIGITS = 6

/**
 * All rows of the file and those that were filled, by time, at one time in the order of the series; a time stamp that the
 * file does not have is written as the series' others are.
 * @param fills by piece, series after series
 */
export function filledRows(series: readonly FileSeries[], fills: readonly (readonly Fill[])[]): FilledRow[] {
  const placed: { readonly ts: number; readonly row: FilledRow }[] = []
  let piece = 0
  for (const { name, rows, pieces } of series) {
    const filled = new Set<unknown>()
    const numeric = typeof rows[0]?.text === 'number'
    for (const { ts, rows: own } of pieces) {
      for (const { step, lower, median, upper } of fills[piece++]!) {
        const at = ts[step]!
        filled.add(own[step])
        const text = own[step]?.text ?? (numeric ? at : isoTime(at))
        const value = { value: rounded(median), lower: rounded(lower), upper: rounded(upper) }
        placed.push({ ts: at, row: { series: name, ts: text, ...value, imputed: true } })
      }
    }
    for (const row of rows) {
      if (filled.has(row)) continue
      const value = row.value === row.value ? row.value : null
      const same = { series: name, ts: row.text, value, lower: null, upper: null, imputed: false }
      placed.push({ ts: row.ts, row: same })
    }
  }
  // A stable sort: rows of one time stay in the order of the series.
  return placed.sort((a, b) => a.ts - b.ts).map(({ row }) => row)
}

function isoTime(ts: number): string {
  return new Date(ts).toISOString().replace('.000Z', 'Z')
}

function rounded(x: number): number {
  return Number(x.toPrecision(DIGITS))
}
