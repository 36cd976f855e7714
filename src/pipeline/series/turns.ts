import { setImmediate, setTimeout as pause } from 'node:timers/promises'
import { TooBusy } from '../../ports/control/series.js'

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

/** Requests that may wait for what only one at a time may do. */
const MOST_WAITING = 16

/** Lets one request at a time do what costs the stream something; too many are sent away. */
export class Turns {
  private waiting = 0
  private turn: Promise<unknown> = Promise.resolve()

  /** @param rest pause after each, in times of what it took */
  constructor(private readonly rest = 0) {}

  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.waiting >= MOST_WAITING) throw new TooBusy()
    this.waiting++
    let took = 0
    const result = this.turn.then(async () => {
      const began = performance.now()
      try {
        return await work()
      } finally {
        took = performance.now() - began
        this.waiting--
      }
    })
    this.turn = result.catch(() => undefined).then(() => pause(took * this.rest))
    return result
  }
}
