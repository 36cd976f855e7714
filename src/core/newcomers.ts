const MINUTE = 60_000

/**
 * Bounds how many series may be new within a minute, against an explosion of keys. The minutes are those of the records'
 * time stamps in the log, so that a replay decides the same.
 */
export class Newcomers {
  private minute = -Infinity
  private count = 0
  /** Series let in since the process started. */
  admitted = 0
  /** False while series come back that were let in before: any number may. */
  limited = true

  /** @param most in a minute; 0 = any number. May be changed between two batches. */
  constructor(public most: number) {}

  /**
   * Whether another series may be new at that time (ms). Records of the minute before still count in this one; an older
   * time stamp shows that the latest was wrong, and begins anew.
   */
  admit(timestamp: number): boolean {
    if (!this.limited) {
      this.admitted++
      return true
    }
    const minute = Math.floor(timestamp / MINUTE)
    if (minute > this.minute || minute < this.minute - 1) {
      this.minute = minute
      this.count = 0
    }
    if (this.most > 0 && this.count >= this.most) return false
    this.count++
    this.admitted++
    return true
  }

  /** What a snapshot keeps; `resume` goes on from it. */
  get memory(): readonly [minute: number, count: number] | null {
    return this.minute === -Infinity ? null : [this.minute, this.count]
  }

  resume(memory: readonly [minute: number, count: number] | null): void {
    if (memory !== null) [this.minute, this.count] = memory
  }
}
