import { F64, F64_WIDTH, modulo } from './layout.js'
import type { SeriesTable } from './series-table.js'

/** Half-life of the scaler in short seasons. */
const SCALER_SEASONS = 28
/** Half-life of a walk's slow mean |step|, in observations. */
const SLOW_WALK = 250
const P7_RATE = 0.2
const P1_RATE = 0.15
/** An observation moves the scaler by at most so many of its own units … */
const CLIP = 6
/** … and the profiles by at most so many: no feature looks further, and one wild reading must not stay for months. */
const PROFILE_CLIP = 8
/** Likewise the mean |x_t − x_{t−m}|, in units of itself. */
const NAIVE_CLIP = 20

/** What a step found before it changed the profiles; reused from step to step. */
export interface StepTrace {
  /** The slot's long-season profile before this observation entered it. */
  p7Before: number
  /** x_t − x_{t−1}. */
  step: number
}

/**
 * Takes one grid step: everything per series but the hidden state. `value` NaN is a missing value: the ring is filled
 * with the value one short season back, scaler and profiles stay.
 * The equations are those of an exponentially forgetting mean and variance: a = 1 − ½^(1/(28 m)), a_t = max(a, 1/n),
 * s² += a_t((x−μ)² − s²), then μ += a_t(x−μ), with x clipped to μ ± 6s once a season has been seen.
 */
export function observe(
  table: SeriesTable,
  slot: number,
  index: number,
  value: number,
  trace: StepTrace,
): void {
  const { layout, f32, f64 } = table
  const { short: m, long: W, ringSize: R } = layout
  const row = slot * layout.width
  const at = slot * F64_WIDTH
  const observed = value === value
  if (f64[at + F64.count] === 0) {
    if (!observed) return // a null before any value is ignored
    // Nothing is known of the past: it was as it is now.
    f32.fill(value, row, row + R)
    f32.fill(value, row + layout.p7, row + layout.p7 + W)
    f32.fill(value, row + layout.p1, row + layout.p1 + m)
    f64[at + F64.mean] = value
  }
  const position = modulo(index, R)
  const x = observed ? value : f32[row + lag(position, m, R)]!
  const previous = f32[row + lag(position, 1, R)]!
  const first = f64[at + F64.count] === 0
  trace.step = first ? 0 : x - previous
  f32[row + position] = x
  table.mark(slot, position, observed)
  f64[at + F64.index] = index
  f64[at + F64.warm]! += 1

  const p7At = row + layout.p7 + modulo(index, W)
  trace.p7Before = f32[p7At]!
  const dpAt = row + layout.dp + modulo(index, m)
  if (!observed) {
    f32[dpAt] = 0
    return
  }
  const n = (f64[at + F64.count]! += 1)
  const tame = n > m ? within(table, slot, x, PROFILE_CLIP) : x
  updateScaler(table, slot, x, trace.step, n)
  if (n > 1) updateError(table, at + F64.naiveError, x - f32[row + lag(position, m, R)]!, n - 1)
  if (n > W) updateError(table, at + F64.longError, x - f32[row + lag(position, W, R)]!, n - W)
  const visits = (f32[row + layout.p7Visits + modulo(index, W)]! += 1)
  f32[dpAt] = visits === 1 ? 0 : tame - trace.p7Before
  f32[p7At] = trace.p7Before + Math.max(P7_RATE, 1 / visits) * (tame - trace.p7Before)
  const p1At = row + layout.p1 + modulo(index, m)
  f32[p1At]! += (n <= m ? 1 : P1_RATE) * (tame - f32[p1At]!)
  if (n <= W) fillUnseen(table, row, index, x)
}

/** Ring position `back` steps before `position`. */
function lag(position: number, back: number, R: number): number {
  const p = position - back
  return p < 0 ? p + R : p
}

/** x, brought to within so many units of the mean. */
function within(table: SeriesTable, slot: number, x: number, units: number): number {
  const mean = table.mean(slot)
  const reach = units * table.scale(slot)
  return Math.min(Math.max(x, mean - reach), mean + reach)
}

function updateScaler(table: SeriesTable, slot: number, x: number, step: number, n: number): void {
  const { layout, f64 } = table
  const at = slot * F64_WIDTH
  const m = layout.short
  const a = Math.max(1 - Math.pow(0.5, 1 / (SCALER_SEASONS * m)), 1 / n)
  if (layout.kind === 'walk') {
    f64[at + F64.meanAbs]! += a * (Math.abs(x) - f64[at + F64.meanAbs]!)
    f64[at + F64.mean] = x
    if (n === 1) return
    const size = Math.abs(step)
    const fast = Math.max(a, 1 / (n - 1))
    const limited = n > 2 * SCALER_SEASONS ? Math.min(size, 2 * CLIP * f64[at + F64.spread]!) : size
    f64[at + F64.spread]! += fast * (limited - f64[at + F64.spread]!)
    const slow = Math.max(1 - Math.pow(0.5, 1 / SLOW_WALK), 1 / (n - 1))
    f64[at + F64.slowSpread]! += slow * (limited - f64[at + F64.slowSpread]!)
    return
  }
  const clipped = n > m ? within(table, slot, x, CLIP) : x
  f64[at + F64.meanAbs]! += a * (Math.abs(clipped) - f64[at + F64.meanAbs]!)
  const d = clipped - f64[at + F64.mean]!
  f64[at + F64.spread]! += a * (d * d - f64[at + F64.spread]!)
  f64[at + F64.mean]! += a * d
}

/** The mean |error| at f64[at], of which there have been `count`: plain at first, then exponentially forgetting. */
function updateError(table: SeriesTable, at: number, error: number, count: number): void {
  const { layout, f64 } = table
  const before = f64[at]!
  const size = Math.abs(error)
  const limited = count > layout.short && before > 0 ? Math.min(size, NAIVE_CLIP * before) : size
  f64[at] = before + (limited - before) / Math.min(count, SCALER_SEASONS * layout.short)
}

/**
 * In a series' first long season the same slot of an earlier short season stands in for what was never seen: one long
 * season back in the ring, and in the long profile.
 */
function fillUnseen(table: SeriesTable, row: number, index: number, x: number): void {
  const { layout, f32 } = table
  const { short: m, long: W, ringSize: R } = layout
  for (let ahead = m; ahead < W; ahead += m) {
    const slot = modulo(index + ahead, W)
    if (f32[row + layout.p7Visits + slot] !== 0) continue
    f32[row + layout.p7 + slot] = f32[row + layout.p1 + modulo(index, m)]!
    f32[row + modulo(index + ahead - W, R)] = x
  }
}
