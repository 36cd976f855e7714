import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** A program of this folder in a process of its own, until it is stopped. */
export class Helper {
  private constructor(
    private readonly child: ChildProcess,
    private readonly ended: Promise<unknown>,
    private readonly lines: AsyncIterator<string>,
  ) {}

  /**
   * Starts it with its task as JSON in its first argument, and waits until it has said that it is ready.
   * @param core it runs on that one alone
   */
  static async start(program: 'member' | 'feeder' | 'watcher', task: object, core?: number): Promise<Helper> {
    const path = new URL(`./${program}.js`, import.meta.url).pathname
    const plain = [process.execPath, path, JSON.stringify(task)]
    const [command, ...args] = core === undefined ? plain : ['taskset', '-c', String(core), ...plain]
    const child = spawn(command!, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    const ended = once(child, 'exit')
    const helper = new Helper(child, ended, createInterface({ input: child.stdout })[Symbol.asyncIterator]())
    await helper.line()
    return helper
  }

  tell(word: string): void {
    this.child.stdin!.write(`${word}\n`)
  }

  /** Ends it. Returns what it has found out. */
  async stop(): Promise<unknown> {
    this.child.stdin!.end()
    const result = JSON.parse(await this.line()) as unknown
    await this.ended
    return result
  }

  private async line(): Promise<string> {
    const next = await this.lines.next()
    if (next.done === true) throw new Error(`${this.child.spawnargs.join(' ')} has ended early`)
    return next.value
  }
}
