/** What is wrong, for a person to act on. */
export interface ProblemsControl {
  /** Worst first; empty when all is well. */
  problems(): readonly Problem[]
}

export const SEVERITIES = ['critical', 'warning', 'info'] as const
/**
 * `critical`: no forecasts come, or they are lost; `warning`: they come, but late or not as good as they should be;
 * `info`: it passes by itself.
 */
export type Severity = (typeof SEVERITIES)[number]

export interface Problem {
  readonly severity: Severity
  /** `null`: the daemon as a whole. */
  readonly pipeline: string | null
  readonly what: string
  /** What to do about it. */
  readonly todo: string
}
