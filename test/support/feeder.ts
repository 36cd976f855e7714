import type { DaemonSuccession } from './daemon-succession.js'
import type { Row } from './household.js'

const BATCH_ROWS = 5000

/**
 * A client that outlives the daemons it feeds: what was not acknowledged it sends again to the next one, not knowing
 * whether the last one had taken it. So duplicates are part of what it sends.
 */
export class Feeder {
  /** Rows acknowledged. */
  fed = 0
  /** Batches sent again. */
  repeated = 0

  constructor(
    private readonly daemons: DaemonSuccession,
    private readonly topic: string,
    private readonly rows: readonly Row[],
  ) {}

  /** Sends rows, as fast as they are taken, until `end` of them have been acknowledged. */
  async feed(end = this.rows.length): Promise<void> {
    while (this.fed < end) {
      const to = Math.min(end, this.fed + BATCH_ROWS)
      await this.#send(linesOf(this.rows.slice(this.fed, to)))
      this.fed = to
    }
  }

  async #send(lines: string): Promise<void> {
    for (;;) {
      const daemon = await this.daemons.current
      if (await daemon.ingest(this.topic, lines)) return
      this.repeated++
      await daemon.ended
    }
  }
}

/** Observations as the HTTP interface takes them. */
export function linesOf(rows: readonly Row[]): string {
  return rows.map(({ series, ts, value }) => `${JSON.stringify({ series, ts, value })}\n`).join('')
}
