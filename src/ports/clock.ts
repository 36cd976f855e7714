/** Wall-clock time. Nothing that a replay must repeat may depend on it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
}

export const systemClock: Clock = { now: () => Date.now() }
