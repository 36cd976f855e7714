import type { LogDestination } from './logger.js'

const KEPT = 100
const LONGEST = 4000

/** Passes log lines on without the secrets that may have got into them, and remembers the latest. */
export class LastLines implements LogDestination {
  /** Takes secrets out of a line. */
  shown: (text: string) => string = (text) => text
  private readonly kept: string[] = []

  constructor(private readonly next: LogDestination) {}

  get lines(): readonly string[] {
    return this.kept
  }

  write(chunk: string): void {
    const line = this.shown(chunk)
    this.kept.push(line.trimEnd().slice(0, LONGEST))
    if (this.kept.length > KEPT) this.kept.shift()
    this.next.write(line)
  }
}
