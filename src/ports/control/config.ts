/** What the outside sees of the configuration, and asks of it. */
export interface ConfigControl {
  configuration(): ConfigStatus
  /** The same object for as long as nothing of it has changed. */
  state(): ConfigState
  /** What a reload would do; changes nothing. With a text, as if it stood in place of the configuration files. */
  plan(text: string | null, format: 'json5' | 'yaml'): PlanOutcome
  /** Reads the configuration files again, and does what they say: whole, or not at all. */
  reload(): Promise<ReloadOutcome>
  /** Stops a pipeline until it is resumed, or the process starts anew. */
  hold(pipeline: string, held: boolean): Promise<HoldOutcome>
}

/** One thing wrong with a configuration, precise enough to be put right without looking anything up. */
export interface ConfigProblem {
  /** Dotted path of the key; '' for a file as a whole. */
  readonly path: string
  readonly value: unknown
  readonly expected: string
  /** The valid name closest to an unknown one. */
  readonly nearest?: string
  /** File, environment variable or option the value came from; absent for defaults. */
  readonly source?: string
}

export interface ConfigState {
  /** Of the configuration that runs; secrets are left out. */
  readonly hash: string
  /** ISO 8601: since when it runs. */
  readonly loadedAt: string
  readonly files: readonly string[]
  /** The files say something else than what runs, or nothing that can be understood. */
  readonly drift: boolean
  /** `null`: none since the process began. */
  readonly lastReload: LastReload | null
}

export interface ConfigStatus extends ConfigState {
  readonly values: readonly ShownValue[]
}

export type ReloadCause = 'signal' | 'file' | 'request'

/** What became of the last reload. */
export interface LastReload {
  /** ISO 8601 */
  readonly at: string
  readonly cause: ReloadCause
  readonly outcome: ReloadOutcome['kind']
  /** In words; of problems, where they are. */
  readonly message: string
  /** That were made, or would have been. */
  readonly changes: readonly PlannedChange[]
}

/** A value in effect, and where it came from. */
export interface ShownValue {
  readonly path: string
  /** As a file would say it. */
  readonly value: unknown
  /** File, variable or option; `default` where nothing said it. */
  readonly origin: string
  /** A secret, whose value is not shown. */
  readonly masked: boolean
}

/** What a reload would do, or has done. */
export interface PlanReport {
  /** Of the configuration that is planned. */
  readonly hash: string
  /** False: it would be refused. */
  readonly possible: boolean
  readonly changes: readonly PlannedChange[]
}

export interface PlannedChange {
  readonly path: string
  /** As a file would say them, secrets masked. */
  readonly before: unknown
  readonly after: unknown
  /** What the change takes: a word of the reference, or `added` or `removed` of a pipeline. */
  readonly reload: string
  /** The same in words. */
  readonly effect: string
}

export interface InvalidConfig {
  readonly kind: 'invalid'
  readonly problems: readonly ConfigProblem[]
}

export type PlanOutcome = { readonly kind: 'planned'; readonly report: PlanReport } | InvalidConfig

export type ReloadOutcome =
  | { readonly kind: 'applied' | 'unchanged'; readonly report: PlanReport }
  /** Some changes need a restart of the process, so that none was made. */
  | { readonly kind: 'refused'; readonly report: PlanReport }
  /** Something went wrong on the way, and what had been changed was taken back. */
  | { readonly kind: 'failed'; readonly report: PlanReport; readonly why: string }
  | InvalidConfig

export type HoldOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'unknown-pipeline' }
  | { readonly kind: 'not-possible'; readonly why: string }

/** What became of a reload, in a sentence that holds no value. */
export function describeReload(outcome: ReloadOutcome): string {
  switch (outcome.kind) {
    case 'applied': {
      const { length } = outcome.report.changes
      return `${length} ${length === 1 ? 'change was' : 'changes were'} made.`
    }
    case 'unchanged':
      return 'Nothing has changed.'
    case 'refused': {
      const changes = outcome.report.changes.filter(({ reload }) => reload === 'process-restart')
      const paths = changes.map(({ path }) => path).join(', ')
      return `Nothing was changed: ${paths} needs a restart of the process.`
    }
    case 'failed':
      return `The old configuration goes on: ${outcome.why}`
    case 'invalid':
      return describeProblems(outcome.problems)
  }
}

/** Where they are. */
export function describeProblems(problems: readonly ConfigProblem[]): string {
  return `The configuration has problems: ${problems.map(({ path }) => path || 'the file').join(', ')}.`
}
