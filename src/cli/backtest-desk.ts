import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InvalidArgumentError } from 'commander'
import { ConfigError } from '../config/error.js'
import type {
  BacktestControl,
  BacktestOutcome,
  BacktestProgress,
  BacktestRequest,
  BacktestStatus,
} from '../ports/control/backtests.js'
import { backtestConfig, requestedNetworks, retrainEveryOf } from './backtest/configuration.js'
import type { BacktestReply } from './backtest/protocol.js'
import { forkAside } from './fork-aside.js'

/** Reports that are kept, the latest ones. */
const KEPT = 10

const READING: BacktestProgress = {
  phase: 'reading',
  model: null,
  share: 0,
  etaSeconds: null,
  done: 0,
  phases: 4,
}

/** Lets data be backtested one after another, each in a process of its own at low priority, so that forecasting goes on. */
export class BacktestDesk implements BacktestControl {
  private readonly all = new Map<string, BacktestStatus>()
  private child: ChildProcess | undefined
  private busy = false

  /** @param env environment without the settings of the engine's TensorFlow */
  constructor(private readonly env: NodeJS.ProcessEnv) {}

  async start(csv: Uint8Array, request: BacktestRequest): Promise<BacktestOutcome> {
    if (this.busy) return { kind: 'busy' }
    try {
      if (request.retrainEvery !== undefined) retrainEveryOf(request.retrainEvery)
      requestedNetworks(request, backtestConfig(request, this.env))
    } catch (error) {
      if (error instanceof ConfigError || error instanceof InvalidArgumentError)
        return { kind: 'refused', why: error.message }
      throw error
    }
    this.busy = true
    const cleanUp: (() => void)[] = [() => (this.busy = false)]
    try {
      const dir = await mkdtemp(join(tmpdir(), 'tidecast-sent-'))
      cleanUp.push(() => void rm(dir, { recursive: true, force: true }))
      const file = join(dir, 'data.csv')
      await writeFile(file, csv, { mode: 0o600 })
      const id = randomBytes(8).toString('hex')
      this.note({ id, state: 'running', progress: READING, report: null, why: null })
      this.launch(id, { ...request, file }, cleanUp)
      return { kind: 'started', id }
    } catch (error) {
      for (const step of cleanUp) step()
      throw error
    }
  }

  status(id: string): BacktestStatus | undefined {
    return this.all.get(id)
  }

  cancel(id: string): BacktestStatus | undefined {
    const status = this.all.get(id)
    if (status?.state !== 'running') return status
    const cancelled = { ...status, state: 'cancelled' } as const
    this.all.set(id, cancelled)
    this.close()
    return cancelled
  }

  /** Ends what is under way: its process cleans up behind itself. */
  close(): void {
    if (this.child?.connected === true) this.child.disconnect()
  }

  private launch(
    id: string,
    job: BacktestRequest & { readonly file: string },
    cleanUp: readonly (() => void)[],
  ): void {
    const script = new URL('./backtest/backtest-process.js', import.meta.url)
    const child = forkAside(script, job, this.env, 'ignore')
    this.child = child
    const tell = (news: Partial<BacktestStatus>): void => {
      const status = this.all.get(id)
      if (status?.state === 'running') this.all.set(id, { ...status, ...news })
    }
    child.on('message', (message) => {
      const reply = message as BacktestReply
      if (reply.kind === 'progress') tell({ progress: reply.progress })
      else if (reply.kind === 'done') tell({ state: 'done', report: reply.report })
      else tell({ state: 'failed', why: reply.why })
    })
    const ended = (why: string): void => {
      tell({ state: 'failed', why })
      for (const step of cleanUp) step()
    }
    child.once('error', (error) => ended(error.message))
    child.once('exit', (code, signal) =>
      ended(`its process ended unexpectedly (${signal ?? `code ${String(code)}`})`),
    )
  }

  private note(status: BacktestStatus): void {
    this.all.set(status.id, status)
    if (this.all.size > KEPT) this.all.delete(this.all.keys().next().value!)
  }
}
