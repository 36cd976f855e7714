import { sortInTurns } from './sort-in-turns.js'

/** Letters of a name that make its key: as many of 7 bits as a number holds exactly. */
const LETTERS = 7
const CODES = 128
/** Names taken between two looks at the clock of whoever runs this. */
const STRIDE = 2048

/**
 * Numbers of the names in the order of their UTF-16 code units, as `<` has it, in pieces between which others have their
 * turn. Most comparisons are of numbers that stand for the first letters in which the names differ: a fourth of the time.
 */
export function* orderOfNames(names: readonly string[]): Generator<void, Uint32Array> {
  const keys = yield* keysOf(names)
  const order = Uint32Array.from(names.keys())
  yield* sortInTurns(order, (a, b) => {
    const difference = keys[a]! - keys[b]!
    if (difference !== 0) return difference
    return names[a]! < names[b]! ? -1 : names[a]! > names[b]! ? 1 : 0
  })
  return order
}

function* keysOf(names: readonly string[]): Generator<void, Float64Array> {
  const keys = new Float64Array(names.length)
  const from = yield* commonPrefix(names)
  for (const [number, name] of names.entries()) {
    keys[number] = keyOf(name, from)
    if (number % STRIDE === 0) yield
  }
  return keys
}

/** Letters with which all of them begin. */
function* commonPrefix(names: readonly string[]): Generator<void, number> {
  const [first = ''] = names
  let length = first.length
  for (const [number, name] of names.entries()) {
    let same = 0
    while (same < length && name.charCodeAt(same) === first.charCodeAt(same)) same++
    length = same
    if (number % STRIDE === 0) yield
  }
  return length
}

/**
 * Of two names with different keys the smaller one has the smaller key. From the first letter on that is not ASCII a key
 * says nothing more, since all of those have one code here.
 */
function keyOf(name: string, from: number): number {
  let key = 0
  let says = true
  for (let i = from; i < from + LETTERS; i++) {
    // 0: the name has ended.
    const code: number = says && i < name.length ? Math.min(name.charCodeAt(i) + 1, CODES - 1) : 0
    says &&= code < CODES - 1
    key = key * CODES + code
  }
  return key
}
