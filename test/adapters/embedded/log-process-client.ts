import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const SCRIPT = fileURLToPath(new URL('log-process.js', import.meta.url))

/** A child process that runs `log-process.ts`. */
export class LogProcess {
  readonly #lines: AsyncIterator<string>
  readonly #exit: Promise<unknown>

  private constructor(private readonly child: ChildProcessWithoutNullStreams) {
    this.#exit = once(child, 'exit')
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    child.stderr.pipe(process.stderr)
  }

  static start(mode: string, dir: string): LogProcess {
    return new LogProcess(spawn(process.execPath, [SCRIPT, mode, dir]))
  }

  /** With files limited to so many KiB: what the kernel then refuses to write is what a full disk refuses. */
  static startLimited(mode: string, dir: string, kibibytes: number): LogProcess {
    const command = `ulimit -S -f ${kibibytes}; exec "$@"`
    return new LogProcess(spawn('bash', ['-c', command, 'bash', process.execPath, SCRIPT, mode, dir]))
  }

  unlimit(): void {
    execFileSync('prlimit', ['--pid', String(this.pid), '--fsize=unlimited'])
  }

  get pid(): number {
    return this.child.pid ?? 0
  }

  /** The next line it reports, `null` when there are no more. */
  async line(): Promise<string | null> {
    const next = await this.#lines.next()
    return next.done === true ? null : next.value
  }

  async rest(): Promise<string[]> {
    const lines: string[] = []
    for (let line = await this.line(); line !== null; line = await this.line()) lines.push(line)
    return lines
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.#exit
  }

  /** Lets it close the log in good order. */
  async finish(): Promise<void> {
    this.child.stdin.end()
    assert.deepEqual(await this.#exit, [0, null])
  }
}
