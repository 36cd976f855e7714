export const REFUSALS = [
  'not-finite', // it forecasts what is not a number
  'too-few-days', // of held-out data
  'worse-than-champion',
  'worse-than-baseline',
  'worse-than-former-champion', // which was set aside, and does better again
  'within-noise', // better, but not by more than the days differ
  'worse-coverage',
] as const

/** Why a candidate is refused. */
export type Refusal = (typeof REFUSALS)[number]

/** A candidate beside what it is compared with, on the same targets. */
export interface Comparison {
  /** The former champion is a network that was set aside for the baseline. */
  readonly against: 'champion' | 'former champion' | 'baseline'
  readonly days: number
  /** Weighted quantile loss of the candidate over that of the other, minus 1: −0.03 = 3 % less. */
  readonly change: number
  /** Upper end of the one-sided 95 % interval of that change; `null` with too few days for one. */
  readonly changeAtMost: number | null
  /** Probability of so great an improvement where there is none; `null` with too few days. */
  readonly p: number | null
}

/** What the gate says of a candidate. */
export interface Verdict {
  readonly promote: boolean
  readonly refusal: Refusal | null
  readonly comparisons: readonly Comparison[]
}
