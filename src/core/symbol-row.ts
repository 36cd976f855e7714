import { F64, F64_WIDTH, modulo } from './layout.js'
import type { SeriesTable } from './series-table.js'
import { UNKNOWN } from './vocabulary.js'

/**
 * Takes a step of a symbol series: its ring gets the symbol's number.
 * @param value the symbol's number; NaN: none came, which is read as an unknown one
 * @returns the symbol before it, `null` where none came
 */
export function observeSymbol(table: SeriesTable, slot: number, index: number, value: number): number | null {
  const { layout, f32, f64 } = table
  const at = slot * F64_WIDTH
  const row = slot * layout.width
  const before = f64[at + F64.count] === 0 ? NaN : f32[row + modulo(index - 1, layout.ringSize)]!
  f32[row + modulo(index, layout.ringSize)] = value
  f64[at + F64.index] = index
  f64[at + F64.warm]! += 1
  if (value === value) f64[at + F64.count]! += 1
  return before === before ? before : null
}

/** What was read at a step that the ring still holds. */
export function symbolAt(table: SeriesTable, slot: number, index: number): number {
  const { layout, f32 } = table
  const symbol = f32[slot * layout.width + modulo(index, layout.ringSize)]!
  return symbol === symbol ? symbol : UNKNOWN
}
