import { UNKNOWN } from './vocabulary.js'

/** Pairs of symbols that are counted; what follows on a symbol beyond them is told by frequency alone. */
const MOST_PAIRS = 16_384
/** At so many transitions all counts are halved: a stream that has changed is followed, and numbers stay small. */
const HALVE_AT = 1 << 20

/** How often each symbol followed. */
interface Followers {
  total: number
  readonly counts: Map<number, number>
  /** The most frequent one. */
  best: number
}

/** Counts as they are kept in a snapshot: [symbol, follower, count], −1 in place of the symbol: how often it came at all. */
export type MarkovMemory = readonly (readonly [number, number, number])[]

/**
 * The baseline of symbol series: how often each symbol has followed on each other one, in all series of a partition
 * together, P(b | a) = (n_ab + t_a P(b)) / (n_a + t_a), where t_a is the number of different symbols seen after a, and
 * P(b) = (n_b + 1) / (n + size + 1), the unknown symbol among them (Witten and Bell, "The zero-frequency problem",
 * IEEE Transactions on Information Theory 37, 1991).
 */
export class MarkovBaseline {
  private all: Followers = nobody()
  private readonly after = new Map<number, Followers>()
  private pairs = 0

  /** @param previous `null` where nothing is known to have come before */
  learn(previous: number | null, next: number): void {
    count(this.all, next, 1)
    if (previous !== null) this.learnPair(previous, next, 1)
    if (this.all.total >= HALVE_AT) this.halve()
  }

  /** P(next | previous) in a vocabulary of so many symbols. */
  probability(previous: number | null, next: number, size: number): number {
    const frequency = ((this.all.counts.get(next) ?? 0) + 1) / (this.all.total + size + 1)
    const row = previous === null ? undefined : this.after.get(previous)
    if (row === undefined) return frequency
    const types = row.counts.size
    return ((row.counts.get(next) ?? 0) + types * frequency) / (row.total + types)
  }

  /** All of them, [size + 1], into out. */
  probabilities(previous: number | null, size: number, out: Float64Array, at: number): void {
    for (let next = 0; next <= size; next++) out[at + next] = this.probability(previous, next, size)
  }

  /** The most frequent follower; of symbols that never came before, the most frequent symbol. */
  best(previous: number | null): number {
    const row = previous === null ? undefined : this.after.get(previous)
    return (row ?? this.all).best
  }

  memory(): MarkovMemory {
    const rows: (readonly [number, number, number])[] = []
    for (const [next, n] of this.all.counts) rows.push([-1, next, n])
    for (const [previous, { counts }] of this.after) {
      for (const [next, n] of counts) rows.push([previous, next, n])
    }
    return rows
  }

  resume(memory: MarkovMemory): void {
    this.all = nobody()
    this.after.clear()
    this.pairs = 0
    for (const [previous, next, n] of memory) {
      if (previous < 0) count(this.all, next, n)
      else this.learnPair(previous, next, n)
    }
  }

  private learnPair(previous: number, next: number, n: number): void {
    let row = this.after.get(previous)
    if (row?.counts.has(next) !== true) {
      if (this.pairs >= MOST_PAIRS) return
      this.pairs++
    }
    if (row === undefined) this.after.set(previous, (row = nobody()))
    count(row, next, n)
  }

  private halve(): void {
    this.resume(this.memory().flatMap(([a, b, n]) => (n > 1 ? [[a, b, Math.floor(n / 2)] as const] : [])))
  }
}

function nobody(): Followers {
  return { total: 0, counts: new Map(), best: UNKNOWN }
}

function count(row: Followers, next: number, n: number): void {
  const now = (row.counts.get(next) ?? 0) + n
  row.counts.set(next, now)
  row.total += n
  const best = row.counts.get(row.best) ?? 0
  // Of equally frequent ones the lowest: then it makes no difference in which order they were counted.
  if (now > best || (now === best && next < row.best)) row.best = next
}
