import type { FileRow } from '../../adapters/files/observations.js'

/** Where the rows go. */
export interface Target {
  /** `log`: opened by this process. `http`: through the daemon that holds it. */
  readonly kind: 'log' | 'http'
  /** In words. */
  readonly description: string
  /**
   * Appends rows from the first on, as many as fit into one batch, and returns how many: they are durable then. 0 means
   * that the signal fired while the target was busy. Rejects when it may not be tried again by itself.
   */
  append(rows: readonly FileRow[], signal: AbortSignal): Promise<number>
  close(): Promise<void>
}
