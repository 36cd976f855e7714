import type { SeriesShape } from '../core/layout.js'
import type { Comparison, Refusal, Verdict } from '../core/verdict.js'
import { Random } from '../model/random.js'
import type { DailyFigures } from '../ports/control/learning.js'

/** One-sided level at which a difference counts as more than noise. */
const LEVEL = 0.05
/** Of the standard normal, at 1 − LEVEL. */
const NORMAL_QUANTILE = 1.645
/** Fewer days say nothing about how much a difference varies from day to day. */
export const FEWEST_DAYS = 10
const RESAMPLES = 4000
/** How much further the coverage of a candidate may fall short of its nominal value than that of what it is to replace. */
const COVERAGE_TOLERANCE = 0.03

export interface GateOptions {
  readonly candidate: DailyFigures
  /** `null` while the baseline forecasts. */
  readonly champion: DailyFigures | null
  /** The network that was set aside for the baseline; absent where there is none. */
  readonly former?: DailyFigures | null
  readonly baseline: DailyFigures
  /** Share of targets that belongs inside the outermost interval. */
  readonly nominal: number
  /** Days over which losses depend on each other: a horizon and the day itself. */
  readonly dependence: number
  readonly seed: number
}

/** What the test depends on besides the scores. */
export function termsOf(
  { quantiles, horizon, season }: SeriesShape,
  seed: number,
): Pick<GateOptions, 'nominal' | 'dependence' | 'seed'> {
  const dependence = 1 + Math.ceil(horizon / Math.max(1, season.short))
  return { nominal: quantiles.at(-1)! - quantiles[0]!, dependence, seed }
}

const WORSE_THAN = {
  champion: 'worse-than-champion',
  'former champion': 'worse-than-former-champion',
  baseline: 'worse-than-baseline',
} as const satisfies Readonly<Record<Comparison['against'], Refusal>>

/**
 * Whether a candidate may take over: only if its weighted quantile loss is lower than the champion's and the baseline's,
 * than that of what it replaces by more than noise, and its coverage not worse than that of what it replaces. Where the
 * champion has been set aside, so that the baseline forecasts, it is to be lower by more than noise than that would be now, too. A first network of a young pipeline, with too few days to know the noise,
 * need only be better.
 */
export function decide(options: GateOptions): Verdict {
  const { candidate, champion, former = null, baseline } = options
  const comparisons = [
    ...(champion === null ? [] : [compare('champion', champion, options)]),
    ...(former === null ? [] : [compare('former champion', former, options)]),
    compare('baseline', baseline, options),
  ]
  const refused = (refusal: Refusal): Verdict => ({ promote: false, refusal, comparisons })
  const finite = Number.isFinite(candidate.scores.wql) && candidate.losses.every(Number.isFinite)
  // A forecast that is not a number scores nothing, so that a target less is a sign of one.
  if (!finite || candidate.scores.targets < baseline.scores.targets) return refused('not-finite')
  for (const { against, change } of comparisons) {
    if (!(change < 0)) return refused(WORSE_THAN[against])
  }
  const days = candidate.losses.length
  if (days < FEWEST_DAYS && (champion ?? former) !== null) return refused('too-few-days')
  const inOffice =
    champion === null ? comparisons : comparisons.filter(({ against }) => against === 'champion')
  if (inOffice.some(({ p }) => p !== null && p > LEVEL)) return refused('within-noise')
  // Intervals that are wider than need be, as they are for weeks after a shift of the level, the loss has counted.
  const short = ({ scores }: DailyFigures): number => Math.max(0, options.nominal - scores.coverage)
  if (short(candidate) > short(champion ?? baseline) + COVERAGE_TOLERANCE) return refused('worse-coverage')
  return { promote: true, refusal: null, comparisons }
}

function compare(against: Comparison['against'], other: DailyFigures, options: GateOptions): Comparison {
  const { candidate, dependence, seed } = options
  const differences = candidate.losses.map((loss, day) => loss - other.losses[day]!)
  const days = differences.length
  const change = candidate.scores.wql / other.scores.wql - 1
  if (days < FEWEST_DAYS || !differences.every(Number.isFinite)) {
    return { against, days, change, changeAtMost: null, p: null }
  }
  const total = other.losses.reduce((sum, loss) => sum + loss, 0)
  const { p, atMost } = blockBootstrap(differences, dependence, new Random(seed))
  return { against, days, change, changeAtMost: (atMost * days) / total, p }
}

/**
 * One-sided test of a mean below 0 for dependent numbers: circular moving-block bootstrap (Künsch 1989; Politis and Romano
 * 1992), blocks of at least the known range of dependence and n^⅓ (Hall, Horowitz and Jing 1995). Means resampled from
 * few blocks vary too little: by √(1 − l/n), and by what Student's quantile is above the normal one with n/l − 1 degrees
 * of freedom (first term of Cornish and Fisher's expansion). Both are made up for.
 */
export function blockBootstrap(
  values: readonly number[],
  dependence: number,
  random: Random,
): { readonly p: number; readonly atMost: number } {
  const n = values.length
  const length = Math.max(1, Math.min(Math.floor(n / 4), Math.max(dependence, Math.ceil(Math.cbrt(n)))))
  const blocks = Math.ceil(n / length)
  const mean = values.reduce((sum, value) => sum + value, 0) / n
  const student = 1 + (NORMAL_QUANTILE ** 2 + 1) / (4 * (n / length - 1))
  const widening = student / Math.sqrt(1 - length / n)
  const errors = Float64Array.from({ length: RESAMPLES }, () => {
    let sum = 0
    for (let b = 0, left = n; b < blocks; b++) {
      const from = random.integer(n)
      for (let i = 0; i < length && left > 0; i++, left--) sum += values[(from + i) % n]!
    }
    return (sum / n - mean) * widening
  }).sort()
  const below = errors.filter((error) => error <= mean).length
  return { p: (below + 1) / (RESAMPLES + 1), atMost: mean + errors[Math.ceil((1 - LEVEL) * RESAMPLES) - 1]! }
}
