import { modulo } from './layout.js'
import type { SeriesTable } from './series-table.js'

/**
 * Passes over a gap that is too long to be stepped through: the ring is filled with the newest season's values, as
 * step-by-step filling would have left it. Scaler and profiles stay.
 * @param index the grid index after the gap
 * @param skipped number of missing steps before it
 */
export function skipGap(table: SeriesTable, slot: number, index: number, skipped: number): void {
  const { layout, f32 } = table
  const { short: m, ringSize: R } = layout
  const row = slot * layout.width
  const last = index - skipped - 1
  const season = new Float32Array(m)
  for (let j = 0; j < m; j++) season[modulo(last - j, m)] = f32[row + modulo(last - j, R)]!
  for (let i = Math.max(last + 1, index - R); i < index; i++) {
    f32[row + modulo(i, R)] = season[modulo(i, m)]!
    table.mark(slot, modulo(i, R), false)
  }
  f32.fill(0, row + layout.dp, row + layout.dp + m)
  for (let c = 0; c < layout.covariateNames.length; c++) {
    const ring = row + layout.covariates + c * layout.covariateWidth
    for (let i = Math.max(last + 1, index - R); i < index; i++) f32[ring + modulo(i, R)] = NaN
  }
}
