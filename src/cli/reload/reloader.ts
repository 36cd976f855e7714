import { ConfigError } from '../../config/error.js'
import type { ConfigDiff } from '../../config/diff.js'
import { loadWithOrigins, type ConfigSources, type FileFormat, type Loaded } from '../../config/load.js'
import { planReload, reportPlan } from '../../config/plan.js'
import { shownValues } from '../../config/show.js'
import type { Config } from '../../config/types.js'
import { configHash, daemonValues, secretsIn } from '../../config/values.js'
import { withoutSecrets } from '../../core/secrets.js'
import type { Clock } from '../../ports/clock.js'
import {
  describeReload,
  type ConfigState,
  type ConfigStatus,
  type PlanOutcome,
  type ReloadCause,
  type ReloadOutcome,
} from '../../ports/control/config.js'
import type { Telemetry } from '../../telemetry/telemetry.js'
import { FileWatch } from './file-watch.js'

export interface ReloaderOptions {
  readonly sources: ConfigSources
  /** What runs when it begins. */
  readonly loaded: Loaded
  /** Makes the changes. Rejects where not all of them could be made; then none is. */
  readonly apply: (diff: ConfigDiff, config: Config) => Promise<void>
  readonly telemetry: Telemetry
  readonly clock: Clock
}

/**
 * The one way to another configuration, whoever asks for it: load → validate → diff → plan → apply, or leave everything as
 * it is. Those who ask at once are answered one after the other.
 */
export class Reloader {
  private loaded: Loaded
  private shown: ConfigState
  private hungUp = false
  private readonly watch: FileWatch
  private turn: Promise<unknown> = Promise.resolve()

  constructor(private readonly options: ReloaderOptions) {
    this.loaded = options.loaded
    this.shown = { ...this.news(), files: options.sources.files, drift: false, lastReload: null }
    this.watch = new FileWatch(() => [...options.sources.files, ...secretFiles(this.loaded.config)])
    options.telemetry.configLoaded({ hash: this.shown.hash })
  }

  get config(): Config {
    return this.loaded.config
  }

  status(): ConfigStatus {
    const { config, origins } = this.loaded
    return { ...this.shown, values: shownValues(config, origins) }
  }

  get state(): ConfigState {
    return this.shown
  }

  plan(text: string | null, format: FileFormat): PlanOutcome {
    const { sources } = this.options
    const planned = this.read(text === null ? sources : { ...sources, files: [], text, textFormat: format })
    return planned instanceof ConfigError
      ? { kind: 'invalid', problems: planned.problems }
      : { kind: 'planned', report: reportPlan(planReload(this.config, planned.config)) }
  }

  reload(cause: ReloadCause): Promise<ReloadOutcome> {
    const outcome = this.turn.then(() => this.attempt(cause))
    this.turn = outcome.catch(() => undefined)
    return outcome
  }

  /** A signal asks for a reload. With the next look, so that any number of signals asks for one. */
  hangUp(): void {
    this.hungUp = true
  }

  /** Looks whether the files have changed, and reloads where that is configured or asked for; called about once a second. */
  look(): void {
    if (this.hungUp) void this.reload('signal')
    this.hungUp = false
    if (!this.watch.changed()) return
    this.compare()
    if (this.shown.drift && this.config.config.watch) void this.reload('file')
  }

  private async attempt(cause: ReloadCause): Promise<ReloadOutcome> {
    const started = performance.now()
    const outcome = await this.change()
    this.compare()
    const seconds = (performance.now() - started) / 1000
    const lastReload = {
      at: new Date(this.options.clock.now()).toISOString(),
      cause,
      outcome: outcome.kind,
      message: describeReload(outcome),
      changes: outcome.kind === 'invalid' ? [] : outcome.report.changes,
    }
    this.shown = { ...this.shown, lastReload }
    this.options.telemetry.configReloaded({ cause, outcome, seconds, hash: this.shown.hash })
    return outcome
  }

  private async change(): Promise<ReloadOutcome> {
    const next = this.read(this.options.sources)
    if (next instanceof ConfigError) return { kind: 'invalid', problems: next.problems }
    const plan = planReload(this.config, next.config)
    const report = reportPlan(plan)
    if (!report.possible) return { kind: 'refused', report }
    if (report.changes.length === 0) return { kind: 'unchanged', report }
    try {
      await this.options.apply(plan.diff, next.config)
    } catch (error) {
      // It is shown to whoever asks, and may repeat what a server was sent.
      const secrets = [this.config, next.config].flatMap(secretsIn)
      const why = withoutSecrets(error instanceof Error ? error.message : String(error), secrets)
      return { kind: 'failed', report, why }
    }
    this.loaded = next
    this.shown = { ...this.shown, ...this.news() }
    return { kind: 'applied', report }
  }

  private news(): Pick<ConfigState, 'hash' | 'loadedAt'> {
    return { hash: configHash(this.config), loadedAt: new Date(this.options.clock.now()).toISOString() }
  }

  private compare(): void {
    const now = this.read(this.options.sources)
    const drift =
      now instanceof ConfigError || reportPlan(planReload(this.config, now.config)).changes.length > 0
    if (drift === this.shown.drift) return
    this.options.telemetry.configDrift({ drift })
    this.shown = { ...this.shown, drift }
  }

  private read(sources: ConfigSources): Loaded | ConfigError {
    try {
      return loadWithOrigins(sources)
    } catch (error) {
      if (error instanceof ConfigError) return error
      throw error
    }
  }
}

/** Files that hold what the configuration leaves out. */
function secretFiles(config: Config): string[] {
  const { tls } = config.http
  const secrets = [...daemonValues(config)].flatMap(([path, { value }]) =>
    /(password|token|clientSecret)File$/.test(path) && typeof value === 'string' ? [value] : [],
  )
  return tls === null ? secrets : [...secrets, tls.cert, tls.key]
}
