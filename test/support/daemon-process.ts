import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { PipelineStatus } from '../../src/ports/control.js'

export const TOKEN = 'a-token-for-tests-only'
const BINARY = fileURLToPath(new URL('../../../bin/tidecast.js', import.meta.url))
const POLL_MS = 50

export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** The daemon as users run it: `tidecast run` in a process of its own. */
export class DaemonProcess {
  /** Resolves when the process is gone, whatever ended it. */
  readonly ended: Promise<Ending>
  /** Resolves with the daemon's URL once it has printed it; rejects when it ends before that. */
  readonly listening: Promise<string>
  #stderr = ''
  #endedByUs = false
  #listened = false

  private constructor(
    private readonly child: ChildProcess,
    private readonly configFile: string,
  ) {
    this.ended = once(child, 'exit').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
    }))
    this.listening = new Promise((resolve, reject) => {
      child.stderr!.setEncoding('utf8').on('data', (text: string) => {
        // Looked for before the end is cut off: a busy test gets more than that at once.
        const all = this.#stderr + text
        this.#stderr = all.slice(-20_000)
        const url = this.#listened ? undefined : /metrics +(https?:\S+)\/metrics/.exec(all)?.[1]
        if (url === undefined) return
        this.#listened = true
        resolve(url)
      })
      void this.ended.then(({ code, signal }) => {
        reject(new Error(`the daemon ended (${code ?? signal ?? ''}) before it listened: ${this.#stderr}`))
      })
    })
    this.listening.catch(() => undefined) // a daemon may be killed while nobody waits for it to listen
  }

  /**
   * @param config as in a configuration file
   * @param port 0: a free one
   * @param env beside that of the tests
   * @param binary of another build
   */
  static async start(
    dataDir: string,
    config: object,
    port = 0,
    env: Readonly<Record<string, string>> = {},
    binary = BINARY,
  ): Promise<DaemonProcess> {
    const file = join(dataDir, 'tidecast.json5')
    await writeFile(file, JSON.stringify(config))
    const settings = [`dataDir=${dataDir}`, `http.port=${port}`]
    return new DaemonProcess(launch(file, settings, env, binary), file)
  }

  /** @param file a configuration that somebody else looks after */
  static on(file: string, dataDir: string, env: Readonly<Record<string, string>> = {}): DaemonProcess {
    const settings = [`dataDir=${dataDir}`, 'http.port=0']
    return new DaemonProcess(launch(file, settings, env), file)
  }

  get pid(): number {
    return this.child.pid!
  }

  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  /** The end of what it has written to stderr. */
  get stderr(): string {
    return this.#stderr
  }

  /** Calls `listener` with every line that it writes to stderr from now on. */
  onLine(listener: (line: string) => void): void {
    createInterface(this.child.stderr!).on('line', listener)
  }

  /** It has been at work. */
  get listened(): boolean {
    return this.#listened
  }

  /** True from the moment on at which a test has ended it. */
  get endedByUs(): boolean {
    return this.#endedByUs
  }

  /** SIGSTOP and SIGCONT it neither sees nor answers. */
  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGHUP' | 'SIGUSR2'): void {
    this.child.kill(name)
  }

  async kill(): Promise<void> {
    this.#endedByUs = true
    this.child.kill('SIGKILL')
    await this.ended
  }

  /** As an operator or an orchestrator ends it. */
  terminate(): Promise<Ending> {
    this.#endedByUs = true
    this.child.kill('SIGTERM')
    return this.ended
  }

  /** True when the daemon has acknowledged the lines; false when it went away first, and nobody knows. */
  async ingest(topic: string, lines: string): Promise<boolean> {
    let response: Response
    try {
      response = await fetch(`${await this.listening}/api/v1/topics/${topic}/records`, {
        method: 'POST',
        headers: { authorization: `Bearer ${TOKEN}` },
        body: lines,
      })
      const answer = await response.text()
      if (!response.ok && response.status !== 503) throw new RangeError(`${response.status} ${answer}`)
    } catch (error) {
      if (error instanceof RangeError) throw error
      return false
    }
    return response.ok
  }

  /** Asks for a change; whether it was made, a daemon that goes away cannot say. */
  async ask(path: string, body: object = {}): Promise<number | null> {
    try {
      const response = await fetch(`${await this.listening}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${TOKEN}` },
        body: JSON.stringify(body),
      })
      await response.text()
      return response.status
    } catch {
      return null
    }
  }

  async get<T>(path: string): Promise<T> {
    return (await (await fetch(`${await this.listening}${path}`)).json()) as T
  }

  async status(pipeline: string): Promise<PipelineStatus> {
    const response = await fetch(`${await this.listening}/api/v1/pipelines/${pipeline}`)
    return (await response.json()) as PipelineStatus
  }

  /** Replaces the configuration file, as editors and deployments do: whole. */
  async configure(config: object | string): Promise<void> {
    const text = typeof config === 'string' ? config : JSON.stringify(config)
    await writeFile(`${this.configFile}.new`, text)
    await rename(`${this.configFile}.new`, this.configFile)
  }

  /** Asks for something to be done, with the token. */
  async post(path: string, body?: string): Promise<{ readonly status: number; readonly body: unknown }> {
    const response = await fetch(`${await this.listening}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}` },
      ...(body === undefined ? {} : { body }),
    })
    return { status: response.status, body: await response.json() }
  }

  /** The text of an answer. */
  async text(path: string): Promise<string> {
    return (await fetch(`${await this.listening}${path}`)).text()
  }

  /** Polls until the latest forecast of every series is from its origin in `origins`. */
  async untilForecast(
    pipeline: string,
    origins: ReadonlyMap<string, number>,
    timeoutMs = 120_000,
  ): Promise<void> {
    const deadline = Date.now() + timeoutMs
    for (const [series, origin] of origins) {
      const url = `${await this.listening}/api/v1/pipelines/${pipeline}/series/${series}/forecast`
      for (;;) {
        const response = await fetch(url)
        const forecast = (await response.json()) as { readonly origin?: string }
        if (Date.parse(forecast.origin ?? '') >= origin) break
        if (Date.now() > deadline)
          throw new Error(`${series}: still ${forecast.origin ?? 'none'} ${this.#stderr}`)
        await pause(POLL_MS)
      }
    }
  }

  /** Polls the pipeline's status until it is as wanted. */
  async until(
    pipeline: string,
    wanted: (status: PipelineStatus) => boolean,
    timeoutMs = 60_000,
  ): Promise<PipelineStatus> {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const status = await this.status(pipeline)
      if (wanted(status)) return status
      if (Date.now() > deadline)
        throw new Error(`still ${JSON.stringify(status)} ${this.#stderr.slice(-2000)}`)
      await pause(POLL_MS)
    }
  }

  /** Process number of the trainer, `null` while none runs. Linux only. */
  trainer(): number | null {
    const children = readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, 'utf8').trim()
    return children === '' ? null : Number(children.split(' ')[0])
  }
}

function launch(
  file: string,
  settings: readonly string[],
  env: Readonly<Record<string, string>>,
  binary = BINARY,
): ChildProcess {
  const options = settings.flatMap((setting) => ['--set', setting])
  return spawn(process.execPath, [binary, 'run', '-c', file, ...options], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, TIDECAST_HTTP_TOKEN: TOKEN, ...env },
  })
}
