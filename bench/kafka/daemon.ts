import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { MODELS_TOPIC } from './bed.js'

const BINARY = new URL('../../../bin/tidecast.js', import.meta.url).pathname
const WEIGHING = new URL('./weighing.js', import.meta.url).href

/** Levels of log lines that nobody wants to see. */
const ERRORS = ['error', 'fatal']

/** What Prometheus would see of the daemon, summed over partitions. */
export interface Reading {
  readonly lag: number
  readonly records: number
  readonly heapBytes: number
  readonly residentBytes: number
}

/** What its main thread holds after a full collection, in the heap and in buffers beside it. */
export interface Weight {
  readonly heldBytes: number
}

/** The daemon as users run it, `tidecast run`, with one pipeline on Kafka, which does not train. */
export class BenchDaemon {
  /** Log lines that tell of an error; told on standard error too. */
  readonly errors: string[] = []

  private constructor(
    private readonly child: ChildProcess,
    private readonly dir: string,
    private readonly ended: Promise<unknown>,
    private readonly metricsUrl: string,
  ) {}

  /** Resolves when it has joined its group. */
  static async start(
    brokers: string,
    name: string,
    settings: Readonly<Record<string, unknown>>,
  ): Promise<BenchDaemon> {
    const dir = await mkdtemp(join(tmpdir(), 'tidecast-bench-'))
    const file = join(dir, 'tidecast.json5')
    const config = {
      dataDir: dir,
      http: { port: 0 },
      log: { format: 'json' },
      broker: { kind: 'kafka', kafka: { brokers, modelsTopic: MODELS_TOPIC } },
      pipelines: { [name]: { training: { enabled: false }, ...settings } },
    }
    await writeFile(file, JSON.stringify(config))
    const child = spawn(process.execPath, ['--expose-gc', '--import', WEIGHING, BINARY, 'run', '-c', file], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    const ended = once(child, 'exit')
    const lines = createInterface({ input: child.stderr! })
    const said: string[] = []
    const metricsUrl = await Promise.race([
      new Promise<string>((resolve) => {
        lines.on('line', (line) => {
          said.push(line)
          const url = /metrics +(http:\S+)/.exec(line)?.[1]
          if (url !== undefined) resolve(url)
        })
      }),
      ended.then(() => {
        throw new Error(`the daemon ended before it was at work: ${said.join('\n')}`)
      }),
    ])
    lines.removeAllListeners('line')
    const daemon = new BenchDaemon(child, dir, ended, metricsUrl)
    lines.on('line', (line) => {
      daemon.hear(line)
    })
    return daemon
  }

  async read(): Promise<Reading> {
    const text = await (await fetch(this.metricsUrl)).text()
    const sum = (name: string): number => {
      const values = text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))
      return [...values].reduce((total, [, value]) => total + Number(value), 0)
    }
    return {
      lag: sum('tidecast_lag_records'),
      records: sum('tidecast_records_consumed_total'),
      heapBytes: sum('nodejs_heap_size_used_bytes'),
      residentBytes: sum('process_resident_memory_bytes'),
    }
  }

  /** Has it collect its garbage. */
  async weigh(): Promise<Weight> {
    const answer = once(this.child, 'message')
    this.child.send('weigh')
    const [weight] = (await answer) as [Weight]
    return weight
  }

  /** Memory that is the process's alone: without what of its files the system keeps in memory. Linux only. */
  async ownBytes(): Promise<number> {
    const status = await readFile(`/proc/${String(this.child.pid)}/status`, 'utf8')
    return Number(/^RssAnon:\s+(\d+)/m.exec(status)?.[1]) * 1024
  }

  async stop(): Promise<void> {
    this.child.kill('SIGTERM')
    await this.ended
    await rm(this.dir, { recursive: true, force: true })
  }

  private hear(line: string): void {
    if (!line.startsWith('{')) return
    const { level } = JSON.parse(line) as { readonly level: string }
    if (!ERRORS.includes(level)) return
    this.errors.push(line)
    process.stderr.write(`${line}\n`)
  }
}
