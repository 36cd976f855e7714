/** Entries sorted at once: a fraction of a millisecond. */
const RUN = 1024
/** Entries merged between two looks at the clock of whoever runs this. */
const STRIDE = 4096

/**
 * Sorts `order` in place by `compare`, a bottom-up merge sort that yields after each short piece of work, so that whoever
 * runs it can let others have their turn. Stable.
 */
export function* sortInTurns(order: Uint32Array, compare: (a: number, b: number) => number): Generator<void> {
  const { length } = order
  for (let from = 0; from < length; from += RUN) {
    order.subarray(from, Math.min(from + RUN, length)).sort(compare)
    yield
  }
  let source: Uint32Array = order
  let target: Uint32Array = new Uint32Array(length)
  for (let width = RUN; width < length; width *= 2) {
    let pending = 0
    for (let low = 0; low < length; low += 2 * width) {
      const middle = Math.min(low + width, length)
      const high = Math.min(low + 2 * width, length)
      for (let i = low, j = middle, k = low; k < high; k++) {
        const left = i < middle && (j >= high || compare(source[i]!, source[j]!) <= 0)
        target[k] = left ? source[i++]! : source[j++]!
        if (++pending % STRIDE === 0) yield
      }
    }
    const sorted = target
    target = source
    source = sorted
  }
  if (source !== order) order.set(source)
}
