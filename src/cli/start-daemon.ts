import { setTimeout as pause } from 'node:timers/promises'
import type { LearningControl } from '../ports/control/learning.js'
import type { ModelsControl } from '../ports/control/models.js'
import type { Problem, ProblemsControl } from '../ports/control/problems.js'
import type { SeriesControl } from '../ports/control/series.js'
import type { Control, IngestOutcome } from '../ports/control.js'
import { BrokerError } from '../ports/broker.js'
import { Daemon, type DaemonOptions } from './daemon.js'
import { SeriesDesk } from './series-desk.js'

const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 30_000

const STARTING = 'starting'
const NO_SERIES = new SeriesDesk(() => undefined)

/** What HTTP sees from the first moment on: a daemon that is alive and not ready, until there is one that answers itself. */
export class FrontDesk implements Control, LearningControl, ModelsControl, ProblemsControl {
  daemon: Daemon | undefined
  waitingFor = STARTING

  alive(): boolean {
    return this.daemon?.alive() ?? true
  }

  notReady(): string | null {
    return this.daemon === undefined ? this.waitingFor : this.daemon.notReady()
  }

  pipelines(): ReturnType<Control['pipelines']> {
    return this.daemon?.pipelines() ?? []
  }

  latestForecast(...which: Parameters<Control['latestForecast']>): ReturnType<Control['latestForecast']> {
    return this.daemon?.latestForecast(...which) ?? Promise.resolve(undefined)
  }

  get series(): SeriesControl {
    return this.daemon?.series ?? NO_SERIES
  }

  problems(): readonly Problem[] {
    if (this.daemon !== undefined) return this.daemon.problems()
    const starting = this.waitingFor === STARTING
    const todo = starting
      ? 'Wait a moment.'
      : 'See that the broker runs, and that there is room on the disk; it is tried again by itself.'
    return [{ severity: starting ? 'info' : 'critical', pipeline: null, what: this.waitingFor, todo }]
  }

  learning(pipeline: string): ReturnType<LearningControl['learning']> {
    return this.daemon?.learning(pipeline)
  }

  train(...what: Parameters<LearningControl['train']>): ReturnType<LearningControl['train']> {
    return this.daemon?.train(...what)
  }

  models(pipeline: string): ReturnType<ModelsControl['models']> {
    return this.daemon?.models(pipeline)
  }

  sample(...which: Parameters<Control['sample']>): ReturnType<Control['sample']> {
    return this.daemon?.sample(...which) ?? Promise.resolve(undefined)
  }

  ingest(...what: Parameters<Control['ingest']>): Promise<IngestOutcome> {
    return this.daemon?.ingest(...what) ?? Promise.resolve({ kind: 'busy', retryAfterSeconds: 5 })
  }
}

/**
 * Starts the daemon, and where the broker cannot be reached tries again with growing pauses, for ever: a supervisor that
 * started the process anew in its place would gain nothing. What a person must put right is thrown.
 * @returns `null` when `signal` fired first
 */
export async function startDaemon(
  options: DaemonOptions,
  desk: FrontDesk,
  signal: AbortSignal,
): Promise<Daemon | null> {
  const { config, telemetry } = options
  for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(2 * wait, LONGEST_PAUSE_MS)) {
    try {
      desk.daemon = await Daemon.start(options)
      return desk.daemon
    } catch (error) {
      const passing =
        error instanceof BrokerError && error.retriable && ['unavailable', 'disk-full'].includes(error.code)
      if (!passing) throw error
      desk.waitingFor = `waiting for the broker: ${error.message}`
      for (const { name } of config.pipelines) telemetry.pipeline(name).trouble(error.message)
      await pause(wait, undefined, { signal }).catch(() => undefined)
      if (signal.aborted) return null
    }
  }
}
