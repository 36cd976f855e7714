import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hostname, totalmem } from 'node:os'
import { configHash } from '../config/values.js'
import type { Config } from '../config/types.js'
import type { Clock } from '../ports/clock.js'
import type { LastLines } from '../telemetry/last-lines.js'
import type { CliContext } from './context.js'

/** Newest reports that are kept. */
const KEPT = 10
const NAME = /^crash-[\w.-]+\.json$/
/** A cause of a cause, and so on. */
const DEEPEST = 5

export interface CrashReportOptions {
  readonly context: Pick<CliContext, 'version' | 'runtime' | 'pid'>
  /** Of now. */
  readonly config: () => Config
  readonly lines: LastLines
  readonly clock: Clock
}

/** What crashed: a `trainer` is a process of its own, without which forecasting goes on. */
export type Crashed = 'daemon' | 'trainer'

/** Files that say what a process died of, for whoever looks into it later. They hold no secret. */
export class CrashReports {
  private readonly started = performance.now()

  constructor(private readonly options: CrashReportOptions) {}

  /**
   * Written at once: the process may have no other moment.
   * @returns the file; `null` where it could not be written, which must not hide what is being told of
   */
  write(what: Crashed, error: unknown): string | null {
    try {
      return this.stored(what, error)
    } catch {
      return null
    }
  }

  private stored(what: Crashed, error: unknown): string {
    const { context, config: current, lines, clock } = this.options
    const config = current()
    const at = new Date(clock.now()).toISOString()
    const report = {
      at,
      what,
      version: context.version,
      runtime: context.runtime ?? 'unknown',
      host: hostname(),
      pid: context.pid,
      memoryBytes: totalmem(),
      uptimeSeconds: Math.round((performance.now() - this.started) / 1000),
      configHash: configHash(config),
      error: described(error),
      lastLines: lines.lines,
    }
    const text = lines.shown(JSON.stringify(report, null, 2))
    mkdirSync(config.dataDir, { recursive: true })
    const file = join(config.dataDir, `crash-${at.replaceAll(':', '-')}-${what}.json`)
    writeFileSync(`${file}.tmp`, `${text}\n`, { mode: 0o600 })
    renameSync(`${file}.tmp`, file)
    const all = readdirSync(config.dataDir).filter((name) => NAME.test(name))
    for (const name of all.sort().slice(0, -KEPT)) rmSync(join(config.dataDir, name), { force: true })
    return file
  }
}

function described(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return { message: String(error) }
  const { name, message, stack, cause } = error
  const code = 'code' in error ? { code: String(error.code) } : {}
  const because = cause === undefined || depth >= DEEPEST ? {} : { cause: described(cause, depth + 1) }
  return { name, message, ...code, stack, ...because }
}
