import type { Random } from '../../src/model/random.js'
import type { Row } from './household.js'

const MINUTE = 60_000
const START = Date.UTC(2024, 0, 1)

export interface RandomRows {
  readonly series: number
  readonly steps: number
  /** Shares of the steps: known to be missing, not there, and before a long gap. */
  readonly nulls?: number
  readonly holes?: number
  readonly breaks?: number
  /** Steps of a long gap. */
  readonly break?: number
}

/** Random walks with a rhythm, a reading a minute, sorted by time. */
export function randomRows(random: Random, shape: RandomRows): Row[] {
  const { series, steps, nulls = 0, holes = 0, breaks = 0 } = shape
  const levels = Array.from({ length: series }, () => 10 ** (4 * random.uniform() - 2))
  const values = levels.map((level) => level)
  const shifts = levels.map(() => 0)
  const rows: Row[] = []
  for (let step = 0; step < steps; step++) {
    for (let i = 0; i < series; i++) {
      const level = levels[i]!
      values[i]! += 0.1 * level * random.normal()
      if (random.uniform() < breaks) shifts[i]! += shape.break ?? 0
      const chance = random.uniform()
      if (chance < holes) continue
      const value = values[i]! + level * Math.sin((2 * Math.PI * step) / 12)
      const ts = START + (step + shifts[i]!) * MINUTE
      rows.push({ series: `s${i}`, ts, value: chance < holes + nulls ? null : value })
    }
  }
  return rows
}

/** The rows in another order of the same kind: each series' own order stays. */
export function reinterleaved(random: Random, rows: readonly Row[]): Row[] {
  const names = [...new Set(rows.map(({ series }) => series))]
  const queues = names.map((name) => rows.filter(({ series }) => series === name).reverse())
  const mixed: Row[] = []
  while (queues.length > 0) {
    const at = random.integer(queues.length)
    // Several at a time, so that one series is at times far ahead of the others.
    for (let n = 1 + random.integer(5); n > 0 && queues[at]!.length > 0; n--) mixed.push(queues[at]!.pop()!)
    if (queues[at]!.length === 0) queues.splice(at, 1)
  }
  return mixed
}
