import { F64, F64_WIDTH, modulo } from './layout.js'
import type { SeriesTable } from './series-table.js'

/** Value of a slot's newest step, as it was filled where that is a missing one; NaN before the first. */
export function newestValue(table: SeriesTable, slot: number): number {
  const { layout, f32, f64 } = table
  const index = f64[slot * F64_WIDTH + F64.index]!
  return index === index ? plain(f32[slot * layout.width + modulo(index, layout.ringSize)]!) : NaN
}

/**
 * What the ring holds of a slot's past: [time stamp (ms), value], oldest first. Missing values stand as they were filled.
 * Empty on the observation grid, whose time stamps it does not hold.
 */
export function ringHistory(table: SeriesTable, slot: number): [number, number][] {
  const { layout, f32, f64 } = table
  const { interval } = layout.shape
  const at = slot * F64_WIDTH
  const index = f64[at + F64.index]!
  if (interval === 0 || index !== index) return []
  const steps = Math.min(layout.ringSize, f64[at + F64.count]!)
  return Array.from({ length: steps }, (_, i) => {
    const step = index - steps + 1 + i
    return [step * interval, plain(f32[slot * layout.width + modulo(step, layout.ringSize)]!)]
  })
}

/** The decimal number that a Float32 stands for: it has seven digits. */
function plain(value: number): number {
  return Number(value.toPrecision(7))
}
