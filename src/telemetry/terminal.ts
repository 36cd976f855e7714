import type { Clock } from '../ports/clock.js'
import type { PipelineStatus } from '../ports/control.js'
import type { LogDestination } from './logger.js'
import { statusBlock, statusLine } from './status-lines.js'

export interface TerminalStream extends LogDestination {
  readonly columns?: number
  readonly rows?: number
}

export interface TerminalOptions {
  readonly stream: TerminalStream
  readonly isTTY: boolean
  readonly clock: Clock
}

const TICK_MS = 1000
const PLAIN_EVERY_MS = 10_000
const DEFAULT_SIZE = { columns: 100, rows: 24 }

/**
 * The one writer of a terminal. On a TTY a status block stays below the log and is repainted in place; everything else
 * goes through `write`, which takes the block away first and puts it back after, so the two never garble each other.
 * Elsewhere the status is a plain line per pipeline now and then.
 */
export class Terminal implements LogDestination {
  readonly #stream: TerminalStream
  readonly #isTTY: boolean
  readonly #clock: Clock
  #status: (() => readonly PipelineStatus[]) | null = null
  #timer: NodeJS.Timeout | undefined
  /** The block's lines on the screen now. */
  #block: readonly string[] = []
  /** Without a TTY: pipeline → what was said last, and when. */
  readonly #said = new Map<string, { readonly facts: string; readonly at: number }>()

  constructor({ stream, isTTY, clock }: TerminalOptions) {
    this.#stream = stream
    this.#isTTY = isTTY
    this.#clock = clock
  }

  /** Text of whole lines: log lines, the start-up text. */
  write(text: string): void {
    this.#stream.write(`${this.#erase()}${text}${this.#render()}`)
  }

  /** Shows the status from now on, each second. Does not keep the process alive. */
  start(status: () => readonly PipelineStatus[]): void {
    this.#status = status
    this.tick()
    this.#timer = setInterval(() => this.tick(), TICK_MS)
    this.#timer.unref()
  }

  /** Leaves the last block standing. */
  stop(): void {
    clearInterval(this.#timer)
    this.#status = null
    this.#block = []
  }

  tick(): void {
    if (this.#isTTY) this.write('')
    else this.#plainLines()
  }

  #render(): string {
    if (this.#status === null || !this.#isTTY) return ''
    this.#block = statusBlock(this.#status(), this.#size())
    return this.#block.map((line) => `${line}\n`).join('')
  }

  /** Moves to the block's first line and erases from there on. Counts wrapped lines: the window may have become narrower. */
  #erase(): string {
    if (this.#block.length === 0) return ''
    const { columns } = this.#size()
    const rows = this.#block.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / columns)), 0)
    this.#block = []
    return `\u001B[${rows}A\r\u001B[0J`
  }

  /** Every ten seconds, and at once when something other than a counter changed. */
  #plainLines(): void {
    const now = this.#clock.now()
    for (const status of this.#status?.() ?? []) {
      // Of the training only whether it runs: its counters change all the time.
      const facts = `${status.phase} ${status.model} ${status.training.split(' ', 1).join()}`
      const last = this.#said.get(status.name)
      if (last !== undefined && last.facts === facts && now - last.at < PLAIN_EVERY_MS) continue
      this.#said.set(status.name, { facts, at: now })
      this.#stream.write(`${statusLine(status)}\n`)
    }
  }

  #size(): { columns: number; rows: number } {
    return {
      columns: this.#stream.columns || DEFAULT_SIZE.columns,
      rows: this.#stream.rows || DEFAULT_SIZE.rows,
    }
  }
}
