import { Calendar, type CalendarSpec } from './calendar.js'
import type { SeriesKind, ValueKind } from './network-spec.js'

/** What the per-series state depends on: configuration only, never the weights, so a new network finds it as it is. */
export interface SeriesShape {
  /** Default `numbers`. */
  readonly kind?: ValueKind
  /** Grid step in ms; 0 = the observation grid. */
  readonly interval: number
  readonly season: { readonly short: number; readonly long: number }
  readonly horizon: number
  /** Ascending, odd in number, symmetric around 0.5. */
  readonly quantiles: readonly number[]
  /** Absent: UTC, without holidays. */
  readonly calendar?: CalendarSpec
  /** Names of further numbers that are known of a step, such as the temperature. Absent: none. */
  readonly covariates?: readonly string[]
  /** Those of them that are known of the steps to come, too. */
  readonly futureCovariates?: { readonly names: readonly string[] }
}

/** Steps over which a hidden state is rebuilt under new weights; the ring holds that many more than the longest lag. */
export const REWARM_STEPS = 48

/** Up to this horizon every step is scored; beyond it about ten, geometrically spaced. */
const ALL_STEPS_SCORED = 24
const GEOMETRIC_STEPS = 10

/** Horizon steps that are scored together: an hour, a morning, a day, a week and what lies beyond, of hourly values. */
const BUCKET_ENDS = [1, 6, 24, 168, Infinity]

/** Half-life of rolling scores, in observations, where there is no season: a quarter of trading days. */
const WALK_HALF_LIFE = 60
const SYMBOL_HALF_LIFE = 256

/** Floats of a series' scores in a bucket for each of published and baseline: see series-scores.ts. */
export const SCORED_BY = 5
/** … and for both, with the number of observations and the mean |x|. */
export const SCORE_WIDTH = 2 + 2 * SCORED_BY

/** Scored horizon steps from … to (1-based, inclusive). */
export interface HorizonBucket {
  readonly from: number
  readonly to: number
  /** Such as `2-6`. */
  readonly label: string
  /** Position after its last one among the scored steps. */
  readonly end: number
}

/** Floats of a covariate's scaler: mean, variance, observations; and of an open interval: sum (or last), readings. */
export const COVARIATE = { mean: 0, spread: 1, count: 2, openValue: 3, openCount: 4 } as const
const COVARIATE_SCALER = 5

/** Flags in a float: whole numbers below 2^24 are exact. */
export const FLAGS = 24

/** Float64 part of a row: what needs exact integers or long sums. */
export const F64 = {
  /** Grid index of the newest step taken, masked ones included; NaN before the first. */
  index: 0,
  /** Time stamp (ms) of the newest real observation. */
  ts: 1,
  /** The row holds the effect of every record up to this offset; set when it is restored. */
  offset: 2,
  /** Real observations so far. 0 = the row is new. */
  count: 3,
  mean: 4,
  /** Variance around the mean (`seasonal`), mean |step| (`walk`). */
  spread: 5,
  meanAbs: 6,
  /** Mean |x_t − x_{t−m}|: the in-sample error of the seasonal naive forecast, MASE's unit. */
  naiveError: 7,
  /** Mean |x_t − x_{t−W}|: where it is the smaller one, the baseline repeats the long season. */
  longError: 8,
  /** Slow mean |step| of a `walk`, against which the fast one shows calm and storm. */
  slowSpread: 9,
  /** Grid steps since the hidden state last started from zero. */
  warm: 10,
  /** Open aggregation interval: its index (NaN: none), the readings' sum (or last), their number, their newest time stamp. */
  openIndex: 11,
  openValue: 12,
  openCount: 13,
  openTs: 14,
  /** Grid index of the newest step made due; ahead of `index` while a batch is under way. */
  due: 15,
  /** Time stamp (ms) of the last observation that was reported as an anomaly; NaN: none. */
  anomaly: 16,
} as const
export const F64_WIDTH = 17

/**
 * Where everything lies in a series' Float32 row.
 * ring [R] · which of its values were observed [R / 24] · P7 [W] · P7 visits [W] · P1 [m] · dp [m] · width factors [steps, 2] · recent errors [2] · residual quantiles [lags, Q]
 * · scores [buckets, SCORE_WIDTH] · anomaly score of the newest observation, and how many in a row reach the least score
 * · of each covariate its values [R], NaN where missing, and its scaler [5]
 * · open forecasts: for each scored step h, a ring of h × (lower, median, upper).
 * Of symbols, by number, the ring holds the last ones; for the rest the few floats of a series without a season are left.
 */
export class StateLayout {
  readonly kind: SeriesKind
  readonly short: number
  readonly long: number
  readonly ringSize: number
  /** Scored horizon steps (1-based), ascending. */
  readonly steps: readonly number[]
  /** Short seasons ahead that a horizon step can lie, as far as the ring reaches back. */
  readonly cycles: number
  /** Lags the baseline repeats values from: 1…cycles short seasons, and the long season where there is another. */
  readonly lags: readonly number[]
  readonly observed: number
  readonly p7: number
  readonly p7Visits: number
  readonly p1: number
  readonly dp: number
  readonly widths: number
  readonly recentErrors: number
  readonly residuals: number
  readonly scores: number
  readonly anomaly: number
  readonly covariates: number
  /** Floats of a covariate: `COVARIATE` from `ringSize` on. */
  readonly covariateWidth: number
  readonly open: readonly number[]
  /** Names of the covariates, in the order of their parts of the row. */
  readonly covariateNames: readonly string[]
  /** Which of them (by number) are known of the steps to come. */
  readonly ahead: readonly number[]
  readonly calendar: Calendar
  /** Ascending; of symbols one, without scores in the row. */
  readonly buckets: readonly HorizonBucket[]
  /** Half-life of rolling scores, in grid steps. */
  readonly halfLife: number
  /** Share by which an observation moves a rolling mean of that half-life. */
  readonly scoreRate: number
  /** Floats in a row. */
  readonly width: number

  constructor(readonly shape: SeriesShape) {
    const { short, long } = shape.season
    const symbols = shape.kind === 'symbols'
    this.kind = symbols ? 'symbols' : short === 1 ? 'walk' : 'seasonal'
    this.short = short
    this.long = Math.max(long, short)
    this.ringSize = this.long + Math.max(REWARM_STEPS, short) + 1
    this.steps = symbols ? [] : scoredSteps(shape.horizon)
    this.cycles = Math.min(Math.ceil(shape.horizon / short), Math.floor((this.ringSize - 1) / short))
    this.lags = Array.from({ length: this.cycles }, (_, c) => (c + 1) * short)
    if (this.kind === 'seasonal' && long > short) this.lags = [...this.lags, long]
    if (symbols) this.lags = []
    this.calendar = new Calendar(shape.calendar)
    this.covariateNames = shape.covariates ?? []
    const ahead = shape.futureCovariates?.names ?? []
    this.ahead = this.covariateNames.flatMap((name, c) => (ahead.includes(name) ? [c] : []))
    this.buckets = horizonBuckets(shape.horizon, this.steps)
    this.halfLife = symbols ? SYMBOL_HALF_LIFE : this.long > 1 ? this.long : WALK_HALF_LIFE
    this.scoreRate = 1 - Math.pow(0.5, 1 / this.halfLife)
    let at = this.ringSize
    const take = (floats: number): number => (at += floats) - floats
    this.observed = take(symbols ? 0 : Math.ceil(this.ringSize / FLAGS))
    this.p7 = take(this.long)
    this.p7Visits = take(this.long)
    this.p1 = take(short)
    this.dp = take(short)
    this.widths = take(this.steps.length * 2)
    this.recentErrors = take(2)
    this.residuals = take(this.lags.length * shape.quantiles.length)
    this.scores = take(symbols ? 0 : this.buckets.length * SCORE_WIDTH)
    this.anomaly = take(symbols ? 0 : 2)
    this.covariateWidth = this.ringSize + COVARIATE_SCALER
    this.covariates = take(this.covariateNames.length * this.covariateWidth)
    this.open = this.steps.map((h) => take(h * 3))
    this.width = at
  }

  /** Bytes a series takes in memory and in the store, hidden state and bookkeeping included. */
  bytesPerSeries(hiddenStateSize: number): number {
    return this.width * 4 + F64_WIDTH * 8 + hiddenStateSize * 4
  }
}

/** Horizon steps whose forecasts stay open until they can be scored. */
export function scoredSteps(horizon: number): number[] {
  if (horizon <= ALL_STEPS_SCORED) return Array.from({ length: horizon }, (_, i) => i + 1)
  const ratio = Math.pow(horizon, 1 / (GEOMETRIC_STEPS - 1))
  const steps = Array.from({ length: GEOMETRIC_STEPS }, (_, i) => Math.round(Math.pow(ratio, i)))
  return [...new Set(steps)].map((h) => Math.min(h, horizon))
}

function horizonBuckets(horizon: number, steps: readonly number[]): HorizonBucket[] {
  const ends = BUCKET_ENDS.slice(0, BUCKET_ENDS.findIndex((end) => end >= horizon) + 1)
  return ends.map((last, b) => {
    const from = (ends[b - 1] ?? 0) + 1
    const to = Math.min(last, horizon)
    const label = from === to ? String(to) : `${String(from)}-${String(to)}`
    return { from, to, label, end: steps.filter((h) => h <= to).length }
  })
}

/**
 * `i` modulo `n`, never negative: grid indices before 1970 are. Exact for |i| < 2⁵²; several times as fast as `%`, which
 * on doubles is a function call.
 */
export function modulo(i: number, n: number): number {
  return i - n * Math.floor(i / n)
}
