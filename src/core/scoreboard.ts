import { Accuracy, type ScoredLevels } from './accuracy.js'
import type { StateLayout } from './layout.js'

/** Weights are brought down once they have grown by so many halvings. */
const MOST_HALVINGS = 30

/** All of a scoreboard, as JSON. */
export interface ScoreMemory {
  readonly now: number
  readonly origin: number
  /** Of the model whose forecasts these are; absent in older ones. */
  readonly version?: number
  readonly published: readonly (readonly number[])[]
  readonly baseline: readonly (readonly number[])[]
}

/**
 * Rolling scores of what the model in use published, and of the baseline on the same targets, by horizon. A target weighs half as much
 * as one a half-life later, by its grid index and not by when it is scored (forward decay: Cormode, Shkapenyuk, Srivastava
 * and Xu 2009), so that the sums do not depend on how records fall into batches.
 */
export class Scoreboard {
  /** By bucket of the layout. */
  readonly published: readonly Accuracy[]
  readonly baseline: readonly Accuracy[]
  /** What an arrival adds to the present bucket, before it is weighed. */
  readonly ours: Accuracy
  readonly theirs: Accuracy
  /** Quantile losses of all targets that were scored since this was made; no target loses weight in them. */
  readonly lossSums = { published: 0, baseline: 0 }
  /** Series of the partition: where there is no grid, time goes by with every observation, the slower the more series there are. */
  series = 1
  /** Halvings since time began: of the newest target, and of the one that weighs 1. */
  private now = NaN
  private origin = NaN
  /** Of the model in use; NaN: not known. */
  private version = NaN

  /** @param halfLife in grid steps; Infinity: all targets weigh 1 */
  constructor(
    private readonly layout: StateLayout,
    private readonly levels: ScoredLevels,
    private readonly halfLife: number = layout.halfLife,
  ) {
    const each = (): Accuracy[] => layout.buckets.map(() => new Accuracy(levels))
    this.published = each()
    this.baseline = each()
    this.ours = new Accuracy(levels)
    this.theirs = new Accuracy(levels)
  }

  /** A model takes over: what the one before it published says nothing of it. */
  begin(version: number): void {
    if (this.version !== version && !Number.isNaN(this.version)) {
      for (const sums of [...this.published, ...this.baseline]) sums.fade(0)
    }
    this.version = version
  }

  /** Of forecasts made how many steps ago at most the arrival of their target is scored. @param own those that the model in use has made */
  reach(own: number): number {
    return own
  }

  /** Weight of a target with this grid index. */
  weigh(index: number): number {
    const { halfLife } = this
    const onGrid = this.layout.shape.interval > 0
    const known = this.now === this.now
    const at = onGrid ? index / halfLife : known ? this.now + 1 / (halfLife * Math.max(1, this.series)) : 0
    if (!known) this.now = this.origin = at
    if (at > this.now) this.now = at
    if (this.now - this.origin > MOST_HALVINGS) {
      const factor = Math.pow(2, this.origin - this.now)
      for (const sums of [...this.published, ...this.baseline]) sums.fade(factor)
      this.origin = this.now
    }
    return Math.pow(2, at - this.origin)
  }

  /** Adds what has gathered in `ours` and `theirs` to a bucket. */
  settle(bucket: number, weight: number): void {
    this.lossSums.published += this.ours.quantileLoss
    this.lossSums.baseline += this.theirs.quantileLoss
    this.published[bucket]!.merge(this.ours, weight)
    this.baseline[bucket]!.merge(this.theirs, weight)
    this.ours.fade(0)
    this.theirs.fade(0)
  }

  /** Copies by bucket in which the newest target weighs 1, so that those of several partitions can be added up. */
  byBucket(who: 'published' | 'baseline'): Accuracy[] {
    const weight = this.now === this.now ? Math.pow(2, this.origin - this.now) : 1
    return this[who].map((sums) => {
      const copy = new Accuracy(this.levels)
      copy.merge(sums, weight)
      return copy
    })
  }

  /** Over all buckets. */
  total(who: 'published' | 'baseline'): Accuracy {
    const sum = new Accuracy(this.levels)
    for (const one of this.byBucket(who)) sum.merge(one)
    return sum
  }

  /** `null` before the first target. */
  memory(): ScoreMemory | null {
    if (this.now !== this.now) return null
    const sums = (of: readonly Accuracy[]): number[][] => of.map((one) => one.memory())
    const { now, origin, version } = this
    return { now, origin, version, published: sums(this.published), baseline: sums(this.baseline) }
  }

  resume(memory: ScoreMemory | null): void {
    if (memory === null) return
    this.now = memory.now
    this.origin = memory.origin
    this.version = memory.version ?? NaN
    this.published.forEach((one, bucket) => one.resume(memory.published[bucket] ?? []))
    this.baseline.forEach((one, bucket) => one.resume(memory.baseline[bucket] ?? []))
  }
}
