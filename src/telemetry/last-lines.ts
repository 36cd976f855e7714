import type { LogDestination } from './logger.js'

const KEPT = 100
const LONGEST = 4000

/** Passes log lines on, and remembers the latest. */
export class LastLines implements LogDestination {
  private readonly kept: string[] = []

  constructor(private readonly next: LogDestination) {}

  get lines(): readonly string[] {
    return this.kept
  }

  write(chunk: string): void {
    this.kept.push(chunk.trimEnd().slice(0, LONGEST))
    if (this.kept.length > KEPT) this.kept.shift()
    this.next.write(chunk)
  }
}
