import { Accuracy, type ScoredLevels } from './accuracy.js'
import type { StateLayout } from './layout.js'
import { Scoreboard } from './scoreboard.js'

/** Steps of a day where there is no season. */
const WALK_DAY = 5

/** Steps of what scores call a day: a short season. */
export function dayOf({ short }: Pick<StateLayout, 'short'>): number {
  return short > 1 ? short : WALK_DAY
}

/** By day: sums of what was forecast, and of the baseline on the same targets. */
export type DailyMemory = readonly (readonly [
  day: number,
  published: readonly number[],
  baseline: readonly number[],
])[]

interface Day {
  readonly published: Accuracy
  readonly baseline: Accuracy
}

/** Scores of a forecaster and of the baseline on the same targets, apart for each day that a target comes in, all horizons together. */
export class DailyScores extends Scoreboard {
  private readonly days = new Map<number, Day>()
  private readonly length: number
  private today = NaN

  constructor(
    layout: StateLayout,
    private readonly of: ScoredLevels,
  ) {
    super(layout, of, Infinity)
    this.length = dayOf(layout)
  }

  /** Rivals are compared on the same targets, whoever forecast them before they began. */
  override reach(): number {
    return Infinity
  }

  override weigh(index: number): number {
    this.today = Math.floor(index / this.length)
    return 1
  }

  override settle(): void {
    const { published, baseline } = this.day(this.today)
    published.merge(this.ours)
    baseline.merge(this.theirs)
    this.ours.fade(0)
    this.theirs.fade(0)
  }

  override total(who: keyof Day): Accuracy {
    const sum = new Accuracy(this.of)
    for (const day of this.days.values()) sum.merge(day[who])
    return sum
  }

  /** Adds those of another, such as of another partition. */
  add(other: DailyScores): void {
    for (const [number, { published, baseline }] of other.days) {
      const day = this.day(number)
      day.published.merge(published)
      day.baseline.merge(baseline)
    }
  }

  /** Sum of the quantile losses of each day, in the order of days. */
  losses(who: keyof Day): number[] {
    return [...this.days].sort(([a], [b]) => a - b).map(([, day]) => day[who].quantileLoss)
  }

  byDay(): DailyMemory {
    return [...this.days].map(([day, { published, baseline }]) => [
      day,
      published.memory(),
      baseline.memory(),
    ])
  }

  resumeDays(memory: DailyMemory): void {
    for (const [number, published, baseline] of memory) {
      const day = this.day(number)
      day.published.resume(published)
      day.baseline.resume(baseline)
    }
  }

  private day(number: number): Day {
    let day = this.days.get(number)
    if (day === undefined) {
      day = { published: new Accuracy(this.of), baseline: new Accuracy(this.of) }
      this.days.set(number, day)
    }
    return day
  }
}
