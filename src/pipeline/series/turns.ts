import { setImmediate } from 'node:timers/promises'

/** Longest piece of work between two looks at what else waits, ms. */
const TURN_MS = 4

/** Runs a piece of work that yields often, and lets others have their turn whenever it has taken a few milliseconds. */
export async function inTurns<T>(work: Generator<void, T>): Promise<T> {
  let began = performance.now()
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
    if (performance.now() - began < TURN_MS) continue
    await setImmediate()
    began = performance.now()
  }
}
