import { F64, F64_WIDTH, modulo } from './layout.js'
import type { SeriesTable } from './series-table.js'

/** Value of a slot's newest step, as it was filled where that is a missing one; NaN before the first. */
export function newestValue(table: SeriesTable, slot: number): number {
  const { layout, f32, f64 } = table
  const index = f64[slot * F64_WIDTH + F64.index]!
  return index === index ? plain(f32[slot * layout.width + modulo(index, layout.ringSize)]!) : NaN
}

/**
 * What the ring holds of a slot's past, from the oldest observation in it on: [time stamp (ms), value], `null` where none
 * came. Empty on the observation grid, whose time stamps it does not hold.
 */
export function ringHistory(table: SeriesTable, slot: number): [number, number | null][] {
  const { layout, f32, f64 } = table
  const { interval } = layout.shape
  const { ringSize } = layout
  const index = f64[slot * F64_WIDTH + F64.index]!
  if (interval === 0 || index !== index) return []
  const past: [number, number | null][] = []
  for (let step = index - ringSize + 1; step <= index; step++) {
    const position = modulo(step, ringSize)
    const observed = isObserved(table, slot, position)
    if (!observed && past.length === 0) continue
    past.push([step * interval, observed ? plain(f32[slot * layout.width + position]!) : null])
  }
  return past
}

/** Of symbols, what did not come stands as such. */
function isObserved(table: SeriesTable, slot: number, position: number): boolean {
  const { layout, f32 } = table
  if (layout.kind !== 'symbols') return table.wasObserved(slot, position)
  return !Number.isNaN(f32[slot * layout.width + position]!)
}

/** The decimal number that a Float32 stands for: it has seven digits. */
function plain(value: number): number {
  return Number(value.toPrecision(7))
}
