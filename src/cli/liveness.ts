/** A process whose clock tick is this late has a stuck event loop. */
const STUCK_MS = 30_000
/** Ticks for which the engine may be at one and the same request; a step takes milliseconds. */
const STUCK_TICKS = 60

/** Whether the loops of the process go round. */
export class Liveness {
  private request: number | null = null
  private ticks = 0

  /** @param ticked ms */
  constructor(private ticked: number) {}

  /**
   * Called about once a second. Ticks are counted, not time: while the process is stopped, nothing is stuck.
   * @param oldest number of the oldest request that the engine has not answered; `null`: there is none
   */
  tick(now: number, oldest: number | null): void {
    this.ticked = now
    this.ticks = oldest !== null && oldest === this.request ? this.ticks + 1 : 0
    this.request = oldest
  }

  alive(now: number): boolean {
    return now - this.ticked < STUCK_MS && this.ticks < STUCK_TICKS
  }
}
