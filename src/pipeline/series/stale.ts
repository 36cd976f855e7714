import { F64, F64_WIDTH } from '../../core/layout.js'
import type { StaleSeries } from '../../ports/control.js'
import type { PartitionStates } from '../partition-states.js'

/** After a count, so many times what it took pass before the next one. */
const REST = 100

/** Whether others have gone on without the series for longer than `stale.after` allows. */
export function isStale(states: PartitionStates, slot: number): boolean {
  return states.aligner.watermark - states.table.f64[slot * F64_WIDTH + F64.ts]! > states.staleAfter
}

/** Counts the stale ones among the resident series of a partition, as often as costs next to nothing. */
export class StaleWatch {
  private latest: StaleSeries = { count: 0, longest: null }
  private due = -Infinity

  constructor(private readonly states: PartitionStates) {}

  look(): StaleSeries {
    const began = performance.now()
    if (began < this.due) return this.latest
    const { slots, table } = this.states
    let count = 0
    let oldest = Infinity
    let longest: StaleSeries['longest'] = null
    for (const [series, slot] of slots.entries()) {
      if (!isStale(this.states, slot)) continue
      count++
      const lastAt = table.f64[slot * F64_WIDTH + F64.ts]!
      if (lastAt >= oldest) continue
      oldest = lastAt
      longest = { series, lastAt }
    }
    this.latest = { count, longest }
    const now = performance.now()
    this.due = now + REST * (now - began)
    return this.latest
  }
}
