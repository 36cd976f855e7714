import { Accuracy } from '../core/accuracy.js'
import type { ScoredLevels } from '../core/accuracy.js'
import type { StateLayout } from '../core/layout.js'
import type { Clock } from '../ports/clock.js'
import type { PipelineStatus } from '../ports/control.js'
import type { PartitionRuntime } from './partition-runtime.js'
import type { SettledBatch } from './settle.js'

/** Time over which the rate is averaged. */
const WINDOW_MS = 10_000
/** Of sums that others have added up. */
const ANY_LEVELS: ScoredLevels = [0, 0.5, 1]

/** A pipeline's counts since the process started, and its rate. */
export class Progress {
  records = 0
  rejected = 0
  /** When the last batch was settled, ms; −Infinity before the first. */
  lastSettled = -Infinity
  private readonly recent: { at: number; records: number }[] = []

  constructor(
    private readonly clock: Clock,
    private readonly layout: StateLayout,
  ) {}

  add(settled: SettledBatch): void {
    this.records += settled.records
    for (const count of Object.values(settled.advance.rejected)) this.rejected += count
    const now = this.clock.now()
    this.lastSettled = now
    const newest = this.recent.at(-1)
    // Batches of one tenth of a second share an entry, so that the list stays short at any rate.
    if (newest !== undefined && now - newest.at < 100) newest.records += settled.records
    else this.recent.push({ at: now, records: settled.records })
    this.forget(now)
  }

  /** Records per second over the last ten seconds. */
  rate(): number {
    const now = this.clock.now()
    this.forget(now)
    const first = this.recent[0]
    if (first === undefined) return 0
    const records = this.recent.reduce((sum, entry) => sum + entry.records, 0)
    return (records * 1000) / Math.max(1000, now - first.at)
  }

  losses(partitions: Iterable<PartitionRuntime>): { published: number; baseline: number } {
    const sum = { published: 0, baseline: 0 }
    for (const { partition } of partitions) {
      const { published, baseline } = partition.states.scores.lossSums
      sum.published += published
      sum.baseline += baseline
    }
    return sum
  }

  /** Rolling scores over all partitions; `null` until something could be scored. */
  accuracy(partitions: Iterable<PartitionRuntime>): PipelineStatus['accuracy'] {
    const { buckets } = this.layout
    const [published, baseline] = [new Accuracy(ANY_LEVELS), new Accuracy(ANY_LEVELS)]
    const horizons = buckets.map(({ label }) => ({
      steps: label,
      network: new Accuracy(ANY_LEVELS),
      baseline: new Accuracy(ANY_LEVELS),
    }))
    for (const { partition } of partitions) {
      const { scores } = partition.states
      scores.byBucket('published').forEach((one, b) => horizons[b]!.network.merge(one))
      scores.byBucket('baseline').forEach((one, b) => horizons[b]!.baseline.merge(one))
    }
    for (const one of horizons) {
      published.merge(one.network)
      baseline.merge(one.baseline)
    }
    if (published.count === 0) return null
    return {
      targets: published.count,
      network: published.scores(),
      baseline: baseline.scores(),
      horizons: horizons
        .filter(({ network }) => network.count > 0)
        .map((one) => ({ ...one, network: one.network.scores(), baseline: one.baseline.scores() })),
    }
  }

  private forget(now: number): void {
    while (this.recent[0] !== undefined && now - this.recent[0].at > WINDOW_MS) this.recent.shift()
  }
}
