import type { CliContext } from './context.js'

const WIDTH = 30
const REPAINT_MS = 100
const PLAIN_MS = 5_000

/** Progress on standard error: a bar repainted in place on a terminal, a line now and then elsewhere. */
export class ProgressBar {
  private painted = -Infinity
  private length = 0

  constructor(
    private readonly context: Pick<CliContext, 'stderr' | 'isTTY'>,
    private readonly label: string,
  ) {}

  /** @param share 0–1 */
  show(share: number, detail: string): void {
    const now = performance.now()
    if (now - this.painted < (this.context.isTTY ? REPAINT_MS : PLAIN_MS)) return
    this.painted = now
    this.paint(share, detail)
  }

  done(detail: string): void {
    this.paint(1, detail)
    if (this.context.isTTY) this.context.stderr.write('\n')
  }

  private paint(share: number, detail: string): void {
    const percent = `${String(Math.floor(Math.min(1, share) * 100)).padStart(3)} %`
    if (!this.context.isTTY) {
      this.context.stderr.write(`${this.label} ${percent} ${detail}\n`)
      return
    }
    const filled = Math.round(Math.min(1, share) * WIDTH)
    const line = `${this.label} ${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} ${percent} ${detail}`
    this.context.stderr.write(`\r${line.padEnd(this.length)}`)
    this.length = line.length
  }
}
