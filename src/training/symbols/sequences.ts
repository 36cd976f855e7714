import type { SeriesHistory } from '../../core/history.js'
import { UNKNOWN, type Vocabulary } from '../../core/vocabulary.js'
import type { Timed } from '../split.js'

/** A symbol that came less often has no number of its own: it shows the network what an unknown one is like. */
const FEWEST_OCCURRENCES = 2

/** What stands in a sequence for a missing symbol: it is read as an unknown one, and is no target. */
export const MISSING = -1

/** A series as the numbers of its symbols. */
export interface Sequence extends Timed {
  readonly series: string
  /** [T], `MISSING` where none came. */
  readonly symbols: Int32Array
}

/**
 * The network's vocabulary: the most frequent symbols, and the series in its numbers.
 * @param histories values are numbers of `seen`
 * @param most size of the vocabulary
 */
export function sequencesOf(
  histories: readonly SeriesHistory[],
  seen: Vocabulary,
  most: number,
): { readonly symbols: readonly string[]; readonly sequences: readonly Sequence[] } {
  const counts = new Float64Array(seen.size + 1)
  for (const { values } of histories) for (const id of values) if (id === id) counts[id]! += 1
  const chosen = Array.from({ length: seen.size }, (_, i) => i + 1)
    .filter((id) => counts[id]! >= FEWEST_OCCURRENCES)
    .sort((a, b) => counts[b]! - counts[a]! || a - b)
    .slice(0, most)
  const numbers = new Int32Array(seen.size + 1).fill(UNKNOWN)
  chosen.forEach((id, i) => (numbers[id] = i + 1))
  const sequences = histories.map(({ series, values, ts }) => ({
    series,
    length: values.length,
    ts,
    symbols: Int32Array.from(values, (id) => (id === id ? numbers[id]! : MISSING)),
  }))
  return { symbols: chosen.map((id) => seen.name(id)!), sequences }
}

/** What the network reads for it. */
export function inputOf(symbol: number): number {
  return symbol === MISSING ? UNKNOWN : symbol
}
